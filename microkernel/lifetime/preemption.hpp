// SPDX-License-Identifier: BSD-2-Clause
// Long operations ask here whether something more urgent waits.
#pragma once

#include <system.hpp>

namespace kernel {

/// Looks at once. True: stop now.
bool must_preempt();

/// Counts what was done since the last look; one step is at most 240 instructions. True: it is time to look, before
/// interrupts would be off for 5,000.
inline bool is_time_to_look(unsigned steps) {
    constexpr unsigned most_steps = 16;
    cpu.steps += steps;
    return cpu.steps >= most_steps;
}

/// Looks for interrupts and at the running budget when it is time to. True: stop now.
inline bool preemption_point(unsigned steps = 1) { return is_time_to_look(steps) && must_preempt(); }

/// For what must not stop half-way: interrupts that wait are noted, and handled at its end.
inline void interrupt_point(unsigned steps) {
    if (is_time_to_look(steps))
        (void)must_preempt();
}

} // namespace kernel
