// SPDX-License-Identifier: BSD-2-Clause
// Which thread runs next, who pays, and until when.
#pragma once

#include <sched/refill.hpp>
#include <system.hpp>

namespace kernel {

/// Reads the clock at a kernel entry.
inline void update_time() { cpu.now = Ticks{x86::rdtsc()}; }
/// The running thread's budget is used up: it waits, or its timeout handler is told.
void end_budget();
/// Whether the running thread has budget for this kernel entry; reads the clock.
inline bool has_time() {
    update_time();
    return cpu.now <= cpu.last_entry;
}
/// Whether the running thread has budget for this kernel entry. If not, its budget has been ended and the entry must do
/// nothing else: the instruction is executed again later.
inline bool may_enter() {
    if (has_time()) [[likely]]
        return true;
    end_budget();
    return false;
}

/// The thread could run: it has a configured context that is not waiting for a refill.
inline bool is_schedulable(const Tcb& thread) {
    const SchedContext* const context = thread.sched_context;
    return thread.state == ThreadState::runnable && context && context->is_configured() && !context->in_release_queue();
}
/// What the running context has used since it last paid.
inline Ticks uncharged() { return cpu.now - cpu.charged_until; }
inline bool has_usable_budget(const SchedContext& context) {
    const Ticks used = &context == cpu.context ? uncharged() : Ticks{};
    return context.is_configured() && has_budget(context, cpu.now, used, kernel_state.min_budget);
}

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
inline void reschedule() {
    if (Tcb* const candidate = std::exchange(cpu.candidate, nullptr)) [[unlikely]]
        kernel_state.ready.push_front(*candidate);
    cpu.choosing = cpu.unsettled = true;
}

/// `thread` runs on `context` from now on. Neither may be bound.
void bind_context(SchedContext& context, Tcb& thread);
/// Takes the context from its thread, if it has one.
void unbind_context(SchedContext& context);
/// Moves `context` from its thread, if any, to `to`, which has none.
void donate(SchedContext& context, Tcb& to);
/// What `context` has consumed since last asked, the running entry included; starts anew.
Ticks take_consumed(SchedContext& context);
/// Pays for the running context up to now.
inline void commit_time() {
    if (cpu.now == cpu.charged_until)
        return;
    if (cpu.context) [[likely]]
        charge(*cpu.context, uncharged(), kernel_state.min_budget);
    cpu.charged_until = cpu.now;
}

/// The timer has gone off: it is no longer set.
void timer_fired();

/// Ends a kernel entry: chooses the thread, pays for the time, sets the timer, switches. Afterwards cpu.current runs,
/// or nobody if it is null.
void schedule();

} // namespace kernel
