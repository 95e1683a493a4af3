// SPDX-License-Identifier: BSD-2-Clause
// The functions that compilers call even in freestanding code: copies, fills, comparisons, lengths.
#include <arch/x86_64/cpu/instructions.hpp>

extern "C" {

void* memcpy(void* to, const void* from, size_t bytes) {
    kernel::x86::movsq_copy(to, from, bytes / 8);
    const size_t whole = bytes & ~size_t{7};
    kernel::x86::movsb_copy(static_cast<char*>(to) + whole, static_cast<const char*>(from) + whole, bytes - whole);
    return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
    auto* target = static_cast<volatile char*>(to);
    const auto* source = static_cast<const char*>(from);
    if (reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from) >= bytes)
        return memcpy(to, from, bytes);
    while (bytes > 0) {
        bytes--;
        target[bytes] = source[bytes];
    }
    return to;
}

void* memset(void* to, int value, size_t bytes) {
    kernel::x86::stosb_fill(to, static_cast<uint8_t>(value), bytes);
    return to;
}

int memcmp(const void* left, const void* right, size_t bytes) {
    const auto* a = static_cast<const volatile unsigned char*>(left);
    const auto* b = static_cast<const volatile unsigned char*>(right);
    for (size_t i = 0; i < bytes; i++) {
        const int difference = a[i] - b[i];
        if (difference != 0)
            return difference;
    }
    return 0;
}

size_t strlen(const char* text) {
    const volatile char* end = text; // volatile: or the compiler would see that this is strlen, and call it
    while (*end != 0)
        end = end + 1;
    return static_cast<size_t>(end - text);
}

} // extern "C"
