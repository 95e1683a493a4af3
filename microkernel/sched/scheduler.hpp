// SPDX-License-Identifier: BSD-2-Clause
// Which thread runs next, who pays, and until when.
#pragma once

#include <system.hpp>

namespace kernel {

/// Reads the clock at a kernel entry.
void update_time();
/// Whether the running thread has budget for this kernel entry. If not, its budget has been ended and the entry must do
/// nothing else: the instruction is executed again later.
bool may_enter();
/// Like may_enter, while a long operation looks for something more urgent.
bool budget_left();

/// The thread could run: it has a configured context that is not waiting for a refill.
bool is_schedulable(const Tcb& thread);
bool has_usable_budget(SchedContext& context);

/// `thread` has just become runnable; it runs when its priority and its budget say so.
void wake(Tcb& thread);
/// `thread` stops being runnable.
void stop_running(Tcb& thread, ThreadState state);
/// Puts a runnable thread at the head of its queue, unless it is running.
void enqueue_front(Tcb& thread);
/// The running thread goes behind its equals.
void yield_current();
/// Priority of `thread`, wherever it is queued.
void set_priority(Tcb& thread, uint8_t priority);
/// Another thread may have to run.
void reschedule();

/// `thread` runs on `context` from now on. Neither may be bound.
void bind_context(SchedContext& context, Tcb& thread);
/// Takes the context from its thread, if it has one.
void unbind_context(SchedContext& context);
/// Moves `context` from its thread, if any, to `to`, which has none.
void donate(SchedContext& context, Tcb& to);
/// What `context` has consumed since last asked, the running entry included; starts anew.
Ticks take_consumed(SchedContext& context);
/// Pays for the running context up to now.
void commit_time();

/// The timer has gone off: it must be set again, even to the same time.
void timer_fired();

/// Ends a kernel entry: chooses the thread, pays for the time, sets the timer, switches. Afterwards cpu.current runs,
/// or nobody if it is null.
void schedule();

} // namespace kernel
