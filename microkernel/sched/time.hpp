// SPDX-License-Identifier: BSD-2-Clause
// Time in the kernel: ticks of the time-stamp counter. User space speaks microseconds.
#pragma once

#include <mem/address.hpp>

namespace kernel {

struct Ticks {
    Word value = 0;
    constexpr auto operator<=>(const Ticks&) const = default;
    friend constexpr Ticks operator+(Ticks a, Ticks b) { return Ticks{a.value + b.value}; }
    friend constexpr Ticks operator-(Ticks a, Ticks b) { return Ticks{a.value - b.value}; }
    constexpr Ticks& operator+=(Ticks other) { return value += other.value, *this; }
    constexpr Ticks& operator-=(Ticks other) { return value -= other.value, *this; }
};

inline constexpr Ticks never{~Word{0}};

/// Budget that a kernel entry may need; with less left, an entry does nothing but end the budget. Microseconds.
inline constexpr Word min_budget_us = 20;
/// The root task's round-robin time slice. Microseconds.
inline constexpr Word boot_time_slice_us = 5000;

} // namespace kernel
