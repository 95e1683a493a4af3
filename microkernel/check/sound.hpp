// SPDX-License-Identifier: BSD-2-Clause
// What a check of invariants answers.
#pragma once

#include <lib/result.hpp>

namespace kernel {

/// Nothing is wrong, or words for the first invariant found broken: its number in docs/invariants.md, and what should hold.
using Sound = Status<const char*>;

constexpr Nothing sound{};

/// A test of tests/host/microkernel/check reads all `words` from the sources: each stands in one place, as one literal.
constexpr Sound holds(bool condition, const char* words) {
    if (!condition) [[unlikely]]
        return Failure{words};
    return sound;
}

} // namespace kernel
