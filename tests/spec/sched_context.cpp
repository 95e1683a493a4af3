// SPDX-License-Identifier: BSD-2-Clause
#include <spec/invocation.hpp>
#include <spec/refills.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>

#include <utility>

namespace spec {
namespace {

Time ticks(const System& system, Word microseconds) { return microseconds * system.machine.tsc_mhz; }

void configure(Invocation& invocation, SchedContext& context, Time budget, Time period, unsigned refills) {
    System& system = invocation.system;
    Thread* const thread = context.thread;
    if (system.paying == &context)
        charge(system);
    wait_no_longer(system, context);
    if (context.configured() && thread && thread->state == ThreadState::running) {
        reconfigure(context, system.now, budget, period, refills, ticks(system, min_budget_us));
    } else {
        context.budget = budget;
        context.period = period;
        context.used_refills = refills;
        fill(context, system.now);
    }
    if (thread && thread != system.current && !is_ready(system, *thread))
        wake(system, *thread);
}

void bind_to(Invocation& invocation, SchedContext& context) {
    const Capability& cap = invocation.cap(0);
    if (cap.is(Type::tcb)) {
        Thread& thread = object_of<Thread>(cap);
        if (context.thread || thread.context || (thread.blocked() && !has_budget(invocation.system, context)))
            throw illegal_operation();
        bind_context(invocation.system, context, thread);
    } else if (cap.is(Type::notification)) {
        Notification& notification = object_of<Notification>(cap);
        if (context.notification || notification.context)
            throw illegal_operation();
        context.notification = &notification;
        notification.context = &context;
    } else {
        throw invalid_capability(1);
    }
}

void unbind_object(Invocation& invocation, SchedContext& context) {
    const Capability& cap = invocation.cap(0);
    if (cap.is(Type::tcb)) {
        if (context.thread != cap.object || context.thread == &invocation.caller)
            throw illegal_operation();
        if (context.yielded_from)
            end_yield(invocation.system, *context.yielded_from);
        take_context(invocation.system, *context.thread);
    } else if (cap.is(Type::notification)) {
        if (context.notification != cap.object)
            throw illegal_operation();
        context.notification->context = nullptr;
        context.notification = nullptr;
    } else {
        throw invalid_capability(1);
    }
}

Words yield_to(Invocation& invocation, SchedContext& context) {
    System& system = invocation.system;
    Thread& caller = invocation.caller;
    Thread* const thread = context.thread;
    if (!thread || thread == &caller || thread->priority > caller.mcp)
        throw illegal_operation();
    if (!schedulable(*thread) || !has_budget(system, context))
        return {take_consumed(system, context)};
    go_to_head(system, *thread);
    if (thread->priority < caller.priority)
        return {take_consumed(system, context)};
    if (context.yielded_from)
        end_yield(system, *context.yielded_from);
    caller.yielded_to = &context;
    caller.yield_is_call = invocation.is_call;
    context.yielded_from = &caller;
    // It runs before the caller, who is the next in the same queue.
    leave_schedule(system, *thread);
    if (caller.priority == thread->priority)
        system.ready[caller.priority].push_front(&caller);
    system.ready[thread->priority].push_front(thread);
    return {};
}

} // namespace

void give_context(System& system, SchedContext& context, Thread& thread) {
    if (Thread* const before = context.thread) {
        leave_schedule(system, *before);
        before->context = nullptr;
    }
    context.thread = &thread;
    thread.context = &context;
}

void take_context(System& system, Thread& thread) {
    leave_schedule(system, thread);
    wait_no_longer(system, *thread.context);
    thread.context->thread = nullptr;
    thread.context = nullptr;
}

void bind_context(System& system, SchedContext& context, Thread& thread) {
    give_context(system, context, thread);
    if (!schedulable(thread))
        return;
    if (context.sporadic)
        merge_passed(context, system.now);
    if (has_budget(system, context))
        go_to_head(system, thread);
    else
        wait_for_refill(system, context);
}

void unbind_all(System& system, SchedContext& context) {
    if (context.yielded_from)
        end_yield(system, *context.yielded_from);
    if (context.thread)
        take_context(system, *context.thread);
    if (context.notification)
        context.notification->context = nullptr;
    context.notification = nullptr;
    for (Reply* reply : context.stack)
        reply->context = nullptr;
    context.stack.clear();
}

Word take_consumed(System& system, SchedContext& context) {
    if (system.paying == &context)
        charge(system);
    return std::exchange(context.consumed, 0) / system.machine.tsc_mhz;
}

Words invoke_sched_control(Invocation& invocation) {
    if (invocation.method != Method::sched_control_configure_flags)
        throw illegal_operation();
    invocation.need(5, 1);
    System& system = invocation.system;
    const Word budget = invocation.word(0), period = invocation.word(1), extra = invocation.word(2);
    const Word most = ~Word{0} / system.machine.tsc_mhz / 8;
    if (budget > most || period > most || budget < min_budget_us || period < min_budget_us)
        throw range_error(min_budget_us, most);
    if (budget > period)
        throw range_error(min_budget_us, period);
    if (!invocation.cap(0).is(Type::sched_context))
        throw invalid_capability(1);
    SchedContext& context = object_of<SchedContext>(invocation.cap(0));
    if (extra > context.max_refills - 2)
        throw range_error(0, context.max_refills - 2);
    context.badge = invocation.word(3);
    context.sporadic = (invocation.word(4) & 1) != 0;
    configure(invocation, context, ticks(system, budget), ticks(system, period), static_cast<unsigned>(2 + extra));
    return {};
}

Words invoke_sched_context(Invocation& invocation) {
    System& system = invocation.system;
    SchedContext& context = object_of<SchedContext>(invocation.target.cap);
    switch (invocation.method) {
    case Method::sched_context_bind:
        invocation.need(0, 1);
        bind_to(invocation, context);
        return {};
    case Method::sched_context_unbind:
        if (context.thread == &invocation.caller)
            throw illegal_operation();
        unbind_all(system, context);
        return {};
    case Method::sched_context_unbind_object:
        invocation.need(0, 1);
        unbind_object(invocation, context);
        return {};
    case Method::sched_context_consumed: return {take_consumed(system, context)};
    case Method::sched_context_yield_to: return yield_to(invocation, context);
    default: throw illegal_operation();
    }
}

} // namespace spec
