// SPDX-License-Identifier: BSD-2-Clause
// Long operations ask here whether something more urgent waits.
#pragma once

#include <system.hpp>

namespace kernel {

/// Looks at once. True: stop now.
bool must_preempt();

/// Counts what was done since the last look; one step is at most 240 instructions. Looks for interrupts and at the running
/// budget before interrupts would be off for 5,000. True: stop now.
inline bool preemption_point(unsigned steps = 1) {
    constexpr unsigned most_steps = 16;
    cpu.steps += steps;
    return cpu.steps >= most_steps && must_preempt();
}

} // namespace kernel
