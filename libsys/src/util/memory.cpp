// SPDX-License-Identifier: BSD-2-Clause
// The memory and string functions that compilers call by name. `rep` string instructions keep compilers from turning a
// loop here into a call of itself; they live in raw/string.hpp with all other inline assembly.
#include <stddef.h>
#include <stdint.h>
#include <sys/raw/string.hpp>

extern "C" {

void* memcpy(void* __restrict destination, const void* __restrict source, size_t size) {
    sys::raw::copy_forward(destination, source, size);
    return destination;
}

void* memmove(void* destination, const void* source, size_t size) {
    const auto to = reinterpret_cast<uintptr_t>(destination);
    const auto from = reinterpret_cast<uintptr_t>(source);
    if (to - from >= size)
        sys::raw::copy_forward(destination, source, size);
    else
        sys::raw::copy_backward(destination, source, size);
    return destination;
}

void* memset(void* destination, int value, size_t size) {
    sys::raw::fill(destination, static_cast<uint8_t>(value), size);
    return destination;
}

int memcmp(const void* left, const void* right, size_t size) {
    const auto* a = static_cast<const uint8_t*>(left);
    const auto* b = static_cast<const uint8_t*>(right);
    for (size_t i = 0; i < size; ++i)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

const void* memchr(const void* data, int value, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    for (size_t i = 0; i < size; ++i)
        if (bytes[i] == static_cast<uint8_t>(value))
            return bytes + i;
    return nullptr;
}

size_t strlen(const char* text) {
    size_t length = 0;
    for (const volatile char* at = text; *at != '\0'; ++at)
        ++length;
    return length;
}

int strcmp(const char* left, const char* right) {
    while (*left != '\0' && *left == *right) {
        ++left;
        ++right;
    }
    return static_cast<uint8_t>(*left) - static_cast<uint8_t>(*right);
}
}
