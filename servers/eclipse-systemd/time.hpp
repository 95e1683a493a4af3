// SPDX-License-Identifier: BSD-2-Clause
// Points and spans of time in microseconds. Points count from some fixed moment, such as the machine's start.
#pragma once

#include <compare>
#include <stdint.h>

namespace systemd {

struct Duration {
    uint64_t microseconds = 0;
    constexpr auto operator<=>(const Duration&) const = default;
    static constexpr Duration infinite() { return {UINT64_MAX}; }
    static constexpr Duration milliseconds(uint64_t count) { return {count * 1000}; }
    static constexpr Duration seconds(uint64_t count) { return {count * 1'000'000}; }
};

struct Instant {
    uint64_t microseconds = 0;
    constexpr auto operator<=>(const Instant&) const = default;
    static constexpr Instant never() { return {UINT64_MAX}; }
};

/// Sums stop at `never` instead of wrapping.
constexpr Instant operator+(Instant at, Duration span) {
    const uint64_t sum = at.microseconds + span.microseconds;
    return sum < at.microseconds ? Instant::never() : Instant{sum};
}

/// How long `later` is after `earlier`; nothing if it is not later.
constexpr Duration operator-(Instant later, Instant earlier) {
    return {later > earlier ? later.microseconds - earlier.microseconds : 0};
}

constexpr Duration operator*(Duration span, unsigned factor) {
    return {span.microseconds > UINT64_MAX / factor ? UINT64_MAX : span.microseconds * factor};
}

constexpr Instant earlier(Instant a, Instant b) { return a < b ? a : b; }
constexpr Duration shorter(Duration a, Duration b) { return a < b ? a : b; }

static_assert(Instant{5} - Instant{9} == Duration{0});
static_assert(Instant{5} + Duration::infinite() == Instant::never());

} // namespace systemd
