// SPDX-License-Identifier: BSD-2-Clause
// Bits of a word: masks, fields, and the position of the highest one.
#pragma once

#include <cstdint>

namespace kernel {

/// The lowest `count` bits set; count 0..64.
constexpr uint64_t ones(unsigned count) { return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1; }

constexpr uint64_t bit(unsigned position) { return uint64_t{1} << position; }

/// Position of the highest set bit; `value` must not be 0.
constexpr unsigned highest_bit(uint64_t value) { return static_cast<unsigned>(__builtin_clzll(value)) ^ 63u; }
/// Position of the lowest set bit; `value` must not be 0.
constexpr unsigned lowest_bit(uint64_t value) { return static_cast<unsigned>(__builtin_ctzll(value)); }

static_assert(ones(0) == 0 && ones(64) == ~uint64_t{0} && highest_bit(0x8001) == 15);

} // namespace kernel
