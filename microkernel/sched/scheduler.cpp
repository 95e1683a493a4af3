// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/interrupt/lapic.hpp>
#include <ipc/fault.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <sched/yield.hpp>

namespace kernel {
namespace {

/// `context` waits for its first refill; the timer may have to go off earlier.
void postpone(SchedContext& context) {
    if (!context.in_release_queue())
        kernel_state.release.insert(context);
    cpu.unsettled = true;
}

void take_out_of_queues(Tcb& thread) {
    if (thread.in_ready_queue)
        kernel_state.ready.remove(thread);
    if (cpu.candidate == &thread) {
        cpu.candidate = nullptr;
        reschedule();
    }
}

/// Threads whose first refill is due may run again: a bounded number, then the timer goes off at once for the others.
void release_due() {
    constexpr unsigned most = 16;
    for (unsigned i = 0; i < most; i++) {
        SchedContext* const context = kernel_state.release.earliest();
        if (!context || context->first().time > cpu.now)
            return;
        kernel_state.release.remove(*context);
        if (context->thread && context->thread->state == ThreadState::runnable)
            wake(*context->thread);
    }
}

Tcb* choose_next() {
    ReadyQueues& ready = kernel_state.ready;
    Tcb* const current = cpu.current;
    Tcb* const candidate = cpu.candidate;
    if (current && current != candidate && (current->in_ready_queue || is_schedulable(*current))) {
        if (!current->in_ready_queue)
            ready.push_front(*current);
        if (candidate && candidate->priority > current->priority)
            return candidate; // nobody else is above the thread that ran until now
        if (candidate)
            ready.push_back(*candidate); // its equal: wake() has dealt with lower ones
        return ready.pop_highest();
    }
    if (!candidate || !ready.any_above(candidate->priority))
        return candidate ? candidate : ready.pop_highest();
    ready.push_front(*candidate);
    return ready.pop_highest();
}

/// The timer goes off no later than the running budget ends or a refill is due. If it is set to go off earlier, for
/// somebody else, it stays so: one interrupt too many now and then costs less than setting it at every switch.
void set_timer() {
    Ticks deadline = never;
    cpu.last_entry = never;
    if (cpu.context) {
        deadline = cpu.charged_until + cpu.context->first().amount;
        cpu.last_entry = deadline - kernel_state.min_budget;
    }
    if (SchedContext* next = kernel_state.release.earliest(); next && next->first().time < deadline)
        deadline = next->first().time;
    if (cpu.timer <= deadline)
        return;
    cpu.timer = deadline;
    x86::set_timer(deadline.value);
}

void change_context(SchedContext* context) {
    if (context == cpu.context)
        return;
    commit_time();
    cpu.context = context;
    cpu.charged_until = cpu.now;
    if (context && !context->sporadic)
        merge_due_refills(*context, cpu.now);
}

} // namespace

void end_budget() {
    SchedContext& context = *cpu.context;
    cpu.unsettled = true;
    if (context.merging)
        return merge_refills(context); // it was not the end
    commit_time();
    Tcb* thread = context.thread;
    if (!thread || thread->state != ThreadState::runnable)
        return;
    if (!context.is_round_robin() && has_timeout_handler(*thread))
        return deliver_timeout(*thread);
    if (has_usable_budget(context)) {
        if (!thread->in_ready_queue)
            kernel_state.ready.push_back(*thread);
    } else {
        take_out_of_queues(*thread);
        postpone(context);
    }
    reschedule();
}

void wake(Tcb& thread) {
    SchedContext* const context = thread.sched_context;
    if (!context || !context->is_configured() || context->in_release_queue() || thread.in_ready_queue ||
        cpu.candidate == &thread)
        return;
    const bool runs_already = context == cpu.context;
    if (context->sporadic && !runs_already)
        merge_due_refills(*context, cpu.now);
    if (!has_budget(*context, cpu.now, runs_already ? uncharged() : Ticks{}, kernel_state.min_budget)) [[unlikely]]
        return postpone(*context);
    Tcb* const current = cpu.current;
    if (current && thread.priority < current->priority && is_schedulable(*current)) {
        kernel_state.ready.push_front(thread);
    } else if (cpu.choosing) {
        reschedule();
        kernel_state.ready.push_front(thread);
    } else {
        cpu.candidate = &thread;
        cpu.choosing = cpu.unsettled = true;
    }
}

void stop_running(Tcb& thread, ThreadState state) {
    thread.state = state;
    thread.stopped_at = cpu.now;
    take_out_of_queues(thread);
    if (&thread == cpu.current)
        reschedule();
}

void enqueue_front(Tcb& thread) {
    if (thread.in_ready_queue || &thread == cpu.current)
        return;
    if (&thread == cpu.candidate)
        return reschedule();
    reschedule();
    kernel_state.ready.push_front(thread);
}

void yield_current() {
    SchedContext& context = *cpu.context;
    commit_time();
    forfeit(context, kernel_state.min_budget);
    Tcb& thread = *cpu.current;
    if (context.is_round_robin() || has_usable_budget(context))
        kernel_state.ready.push_back(thread);
    else
        postpone(context);
    reschedule();
}

void set_priority(Tcb& thread, uint8_t priority) {
    if (thread.in_ready_queue || cpu.candidate == &thread) {
        take_out_of_queues(thread);
        thread.priority = priority;
        reschedule();
        return kernel_state.ready.push_front(thread);
    }
    if (thread.state == ThreadState::sending || thread.state == ThreadState::receiving) {
        const Endpoint::State as = thread.endpoint->state();
        thread.endpoint->remove(thread);
        thread.priority = priority;
        return thread.endpoint->insert(thread, as);
    }
    if (thread.state == ThreadState::waiting) {
        thread.waits_on->remove(thread);
        thread.priority = priority;
        return thread.waits_on->insert(thread);
    }
    thread.priority = priority;
    if (&thread == cpu.current)
        reschedule();
}

void bind_context(SchedContext& context, Tcb& thread) {
    context.thread = &thread;
    thread.sched_context = &context;
    if (thread.state != ThreadState::runnable || !context.is_configured())
        return;
    if (context.sporadic)
        merge_due_refills(context, cpu.now);
    if (has_usable_budget(context))
        enqueue_front(thread);
    else
        postpone(context);
}

void unbind_context(SchedContext& context) {
    Tcb* thread = context.thread;
    if (!thread)
        return;
    if (&context == cpu.context)
        commit_time();
    take_out_of_queues(*thread);
    if (context.in_release_queue())
        kernel_state.release.remove(context);
    thread->sched_context = nullptr;
    context.thread = nullptr;
    if (thread == cpu.current)
        reschedule();
}

void donate(SchedContext& context, Tcb& to) {
    if (Tcb* from = context.thread) {
        take_out_of_queues(*from);
        from->sched_context = nullptr;
        if (from == cpu.current)
            reschedule();
    }
    context.thread = &to;
    to.sched_context = &context;
}

Ticks take_consumed(SchedContext& context) {
    if (&context == cpu.context)
        commit_time();
    return std::exchange(context.consumed, Ticks{});
}

void timer_fired() {
    cpu.timer = never;
    cpu.unsettled = true;
}

void schedule() {
    release_due();
    if (cpu.choosing) {
        cpu.current = choose_next();
        cpu.candidate = nullptr;
        cpu.choosing = false;
    }
    change_context(cpu.current ? cpu.current->sched_context : nullptr);
    set_timer();
    cpu.unsettled = false;
    if (!cpu.current)
        return;
    complete_yield(*cpu.current);
    switch_to(*cpu.current);
}

} // namespace kernel
