// SPDX-License-Identifier: BSD-2-Clause
// The string instructions behind memcpy and memset (SDM Vol. 2B, "REP"). The direction flag is clear at every call
// (psABI).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace sys::raw {

/// Whole words first: a copy of n bytes takes about n/8 steps.
inline void copy_forward(void* destination, const void* source, size_t size) {
    size_t words = size / 8;
    asm volatile("rep movsq" : "+D"(destination), "+S"(source), "+c"(words) : : "memory");
    size_t rest = size % 8;
    asm volatile("rep movsb" : "+D"(destination), "+S"(source), "+c"(rest) : : "memory");
}

/// For areas that overlap with the destination above the source.
inline void copy_backward(void* destination, const void* source, size_t size) {
    if (size == 0)
        return;
    void* to = static_cast<uint8_t*>(destination) + size - 1;
    const void* from = static_cast<const uint8_t*>(source) + size - 1;
    asm volatile("std\n\trep movsb\n\tcld" : "+D"(to), "+S"(from), "+c"(size) : : "memory", "cc");
}

inline void fill(void* destination, uint8_t value, size_t size) {
    const uint64_t pattern = uint64_t{value} * 0x0101'0101'0101'0101;
    size_t words = size / 8;
    asm volatile("rep stosq" : "+D"(destination), "+c"(words) : "a"(pattern) : "memory");
    size_t rest = size % 8;
    asm volatile("rep stosb" : "+D"(destination), "+c"(rest) : "a"(pattern) : "memory");
}

} // namespace sys::raw
