// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/notification_ipc.hpp>
#include <paging_ring.hpp>
#include <sched/scheduler.hpp>
#include <sched/yield.hpp>
#include <syscall/invocation.hpp>

namespace kernel {
namespace {

Outcome bind(const Invocation& call, SchedContext& context) {
    TRY(call.need(0, 1));
    const Capability& cap = call.extra(0).cap;
    if (cap.is(CapType::tcb)) {
        auto& thread = *window<Tcb>(cap.object());
        if (context.thread || thread.sched_context || (thread.is_blocked() && !has_usable_budget(context)))
            return refuse(SyscallError::illegal_operation());
        bind_context(context, thread);
        return Outcome::done();
    }
    if (!cap.is(CapType::notification))
        return refuse(SyscallError::invalid_capability(1));
    auto& notification = *window<Notification>(cap.object());
    if (context.notification || notification.sched_context)
        return refuse(SyscallError::illegal_operation());
    context.notification = &notification;
    notification.sched_context = &context;
    return Outcome::done();
}

Outcome unbind(const Invocation& call, SchedContext& context) {
    if (context.thread == &call.caller)
        return refuse(SyscallError::illegal_operation());
    unbind_all(context);
    return Outcome::done();
}

Outcome unbind_object(const Invocation& call, SchedContext& context) {
    TRY(call.need(0, 1));
    const Capability& cap = call.extra(0).cap;
    if (cap.is(CapType::tcb)) {
        const Tcb* thread = window<Tcb>(cap.object());
        if (context.thread != thread || thread == &call.caller)
            return refuse(SyscallError::illegal_operation());
        unbind_thread(context);
        return Outcome::done();
    }
    if (!cap.is(CapType::notification))
        return refuse(SyscallError::invalid_capability(1));
    if (context.notification != window<Notification>(cap.object()))
        return refuse(SyscallError::illegal_operation());
    unbind_lender(context);
    return Outcome::done();
}

Outcome yield_to(const Invocation& call, SchedContext& context) {
    Tcb* const thread = context.thread;
    if (!thread || thread == &call.caller || thread->priority > call.caller.mcp)
        return refuse(SyscallError::illegal_operation());
    const auto consumed = [&] { return Outcome::value(kernel_state.microseconds(take_consumed(context))); };
    if (!is_schedulable(*thread) || !has_usable_budget(context))
        return consumed();
    kernel_state.ready.remove(*thread);
    if (thread->priority < call.caller.priority) {
        kernel_state.ready.push_front(*thread);
        return consumed();
    }
    begin_yield(call.caller, context, call.is_call);
    kernel_state.ready.push_front(call.caller);
    kernel_state.ready.push_front(*thread);
    reschedule();
    return Outcome::settled();
}

/// New parameters for a context whose thread is runnable: what is left of the running budget, if the new one is not
/// smaller, and the rest a period later.
void reconfigure_running(SchedContext& context, uint32_t refills, Ticks budget, Ticks period) {
    if (&context == cpu.context)
        commit_time();
    Refill first = context.first();
    if (context.is_round_robin())
        first.time = cpu.now; // a slice is used without moving on: what comes back must come a period from now
    context.budget = budget;
    context.period = period;
    set_refills(context, refills, first.time);
    if (context.is_round_robin() || first.amount >= budget)
        return;
    context.first().amount = std::max(first.amount, kernel_state.min_budget);
    const Ticks rest = budget - std::min(budget, context.first().amount);
    if (rest.value > 0) {
        context.count = 2;
        context.refill(1) = {first.time + context.first().amount + period, rest};
    }
}

void configure(SchedContext& context, uint32_t refills, Ticks budget, Ticks period) {
    Tcb* const thread = context.thread;
    const bool runnable = thread && thread->state == ThreadState::runnable;
    const bool released = context.in_release_queue();
    if (released)
        kernel_state.release.remove(context);
    if (runnable && context.is_configured()) {
        reconfigure_running(context, refills, budget, period);
    } else {
        context.budget = budget;
        context.period = period;
        set_refills(context, refills, cpu.now);
    }
    cpu.unsettled = true; // the running budget, or when one comes back
    if (runnable && thread != cpu.current && !thread->in_ready_queue)
        wake(*thread);
}

} // namespace

Outcome decode_sched_control(const Invocation& call) {
    if (call.method() != abi::Invocation::sched_control_configure_flags)
        return unknown_method();
    TRY(call.need(5, 1));
    const Word budget = call.word(0);
    const Word period = call.word(1);
    const Word extra_refills = call.word(2);
    const Word most = ~Word{0} / kernel_state.tsc_mhz / 8; // leaves room to add a few periods to any time
    TRY(in_range(budget, min_budget_us, most));
    TRY(in_range(period, min_budget_us, most));
    TRY(in_range(budget, min_budget_us, period));
    const Capability& cap = call.extra(0).cap;
    if (!cap.is(CapType::sched_context))
        return refuse(SyscallError::invalid_capability(1));
    constexpr Word least_refills = 2;
    const Word most_extra = (bit(cap.size_bits()) - sizeof(SchedContext)) / sizeof(Refill) - least_refills;
    TRY(in_range(extra_refills, 0, most_extra));

    auto& context = *window<SchedContext>(cap.object());
    context.badge = call.word(3);
    context.sporadic = call.word(4) & 1;
    configure(context, static_cast<uint32_t>(least_refills + extra_refills), kernel_state.ticks(budget),
              kernel_state.ticks(period));
    return Outcome::done();
}

Outcome decode_sched_context(const Invocation& call) {
    using abi::Invocation;
    auto& context = *window<SchedContext>(call.cap().object());
    switch (call.method()) {
    case Invocation::sched_context_bind: return bind(call, context);
    case Invocation::sched_context_unbind: return unbind(call, context);
    case Invocation::sched_context_unbind_object: return unbind_object(call, context);
    case Invocation::sched_context_consumed: return Outcome::value(kernel_state.microseconds(take_consumed(context)));
    case Invocation::sched_context_yield_to: return yield_to(call, context);
    default: return unknown_method();
    }
}

Outcome decode_domain_set(const Invocation& call) {
    using abi::Invocation;
    switch (call.method()) {
    case Invocation::domain_set_read_events: {
        TRY(call.need(1));
        const Word first = oldest_event(call.word(0));
        return answer_with(call, {paging_ring.written, first}, words_of_events(first));
    }
    case Invocation::domain_set_set:
        TRY(call.need(1, 1));
        if (call.word(0) >= 1)
            return refuse(SyscallError::invalid_argument(0));
        if (!call.extra(0).cap.is(CapType::tcb))
            return refuse(SyscallError::invalid_argument(1));
        return Outcome::done();
    case Invocation::domain_set_schedule_configure:
        TRY(call.need(3));
        TRY(in_range(call.word(0) | call.word(1), 0, 0));
        if (call.word(2) == 0 || call.word(2) >= bit(56))
            return refuse(SyscallError::invalid_argument(2));
        return Outcome::done();
    case Invocation::domain_set_schedule_set_start:
        TRY(call.need(1));
        TRY(in_range(call.word(0), 0, 1));
        if (call.word(0) == 1)
            return refuse(SyscallError::invalid_argument(0));
        return Outcome::done();
    default: return unknown_method();
    }
}

} // namespace kernel
