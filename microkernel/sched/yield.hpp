// SPDX-License-Identifier: BSD-2-Clause
// YieldTo: a thread lets another run first and learns, when it runs again, what that one consumed.
#pragma once

#include <object/sched_context.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// `thread` will report on `context` when it runs again; with `wants_answer` its call is answered then.
void begin_yield(Tcb& thread, SchedContext& context, bool wants_answer);
void finish_yield(Tcb& thread);
/// Writes the answer of a thread that is in YieldTo and lets it go on; others are left alone.
inline void complete_yield(Tcb& thread) {
    if (thread.yielded_to) [[unlikely]]
        finish_yield(thread);
}
/// A thread that is stopped will execute its YieldTo again.
void cancel_yield(Tcb& thread);

} // namespace kernel
