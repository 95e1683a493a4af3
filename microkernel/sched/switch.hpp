// SPDX-License-Identifier: BSD-2-Clause
// The CPU's side of a thread switch: address space, segment bases, FPU registers, entry stack, timer.
#pragma once

#include <sched/time.hpp>

namespace kernel {

struct Tcb;

/// Loads what ring 3 needs to run `thread`. Cheap if it is loaded already.
void switch_to(Tcb& thread);
/// Puts the live segment bases and FPU registers of the loaded thread into its TCB, so that they can be read or changed.
void save_loaded(Tcb& thread);
/// `thread` is going away, or its saved state was changed: nothing of it counts as loaded.
void forget_loaded(Tcb& thread);
/// The timer goes off at `deadline`, or at once if that has passed.
void program_timer(Ticks deadline);

} // namespace kernel
