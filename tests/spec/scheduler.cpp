// SPDX-License-Identifier: BSD-2-Clause
#include <spec/scheduler.hpp>

#include <spec/fault.hpp>
#include <spec/message.hpp>
#include <spec/refills.hpp>
#include <spec/sched_context.hpp>

#include <algorithm>

namespace spec {
namespace {

Time least_budget(const System& system) { return min_budget_us * system.machine.tsc_mhz; }

void to_head(System& system, Thread& thread) { system.ready[thread.priority].push_front(&thread); }
void to_tail(System& system, Thread& thread) { system.ready[thread.priority].push_back(&thread); }

/// Contexts whose first refill has come.
void release(System& system) {
    auto& waiting = system.released_later;
    while (!waiting.empty() && waiting.front()->refills.front().time <= system.now) {
        SchedContext& context = *waiting.front();
        waiting.erase(waiting.begin());
        context.waits = false;
        wake(system, *context.thread);
    }
}

void end_budget(System& system) {
    Thread& thread = *system.current;
    SchedContext& context = *thread.context;
    system.outcome.budget_ended = true;
    charge(system);
    reschedule(system);
    if (context.round_robin()) {
        fill(context, system.now);
        to_tail(system, thread);
    } else if (thread.cap(timeout_handler).is(Type::endpoint)) {
        raise_timeout(system, thread);
    } else if (has_budget(system, context)) {
        to_tail(system, thread);
    } else {
        wait_for_refill(system, context);
    }
}

Thread* take_highest(System& system) {
    for (auto& [_, queue] : system.ready) {
        if (queue.empty())
            continue;
        Thread* const thread = queue.front();
        queue.pop_front();
        return thread;
    }
    return nullptr;
}

/// "A preempted thread goes to the head." "Woken by a system call: an equal one goes to the tail, a lower one to the head;
/// if the running thread blocks, the woken one runs next when nobody is above it."
void choose(System& system) {
    Thread* const running = system.current;
    const bool could_stay = running && schedulable(*running);
    Thread* const woken = system.decision.candidate;
    if (could_stay && running != woken && !is_ready(system, *running))
        to_head(system, *running);
    if (woken) {
        if (could_stay && running != woken && woken->priority == running->priority)
            to_tail(system, *woken);
        else
            to_head(system, *woken);
    }
    system.current = take_highest(system);
    system.decision = {};
}

void change_payer(System& system) {
    SchedContext* const next = system.current ? system.current->context : nullptr;
    if (next == system.paying)
        return;
    charge(system);
    system.paying = next;
    if (next && !next->sporadic)
        merge_passed(*next, system.now);
}

void set_deadline(System& system) {
    Time deadline = ~Time{0};
    if (system.paying)
        deadline = system.charged_until + system.paying->refills.front().amount;
    if (!system.released_later.empty())
        deadline = std::min(deadline, system.released_later.front()->refills.front().time);
    system.deadline = deadline;
}

} // namespace

bool schedulable(const Thread& thread) {
    return thread.state == ThreadState::running && thread.context && thread.context->configured() &&
           !thread.context->waits;
}

bool is_ready(const System& system, const Thread& thread) {
    const auto queue = system.ready.find(thread.priority);
    return queue != system.ready.end() && std::ranges::find(queue->second, &thread) != queue->second.end();
}

bool has_budget(const System& system, const SchedContext& context) {
    return context.configured() && context.refills.front().time <= system.now &&
           context.refills.front().amount >= least_budget(system);
}

void reschedule(System& system) {
    if (Thread* const woken = system.decision.candidate)
        to_head(system, *woken);
    system.decision = {.choose = true};
}

void wake(System& system, Thread& thread) {
    if (!schedulable(thread) || is_ready(system, thread) || system.decision.candidate == &thread)
        return;
    SchedContext& context = *thread.context;
    if (context.sporadic && &context != system.paying)
        merge_passed(context, system.now);
    if (&context != system.paying && !has_budget(system, context))
        return wait_for_refill(system, context);
    const Thread* const running = system.current;
    if (running && running->priority > thread.priority && schedulable(*running))
        return to_head(system, thread);
    if (system.decision.choose || system.decision.candidate) {
        reschedule(system);
        to_head(system, thread);
    } else {
        system.decision.candidate = &thread;
    }
}

void wake_answered(System& system, Thread& thread, bool was_timeout) {
    SchedContext* const context = thread.context;
    if (context && context->configured() && context != system.paying) {
        if (context->sporadic)
            merge_passed(*context, system.now);
        if (!has_budget(system, *context) && !was_timeout && !context->round_robin() &&
            thread.cap(timeout_handler).is(Type::endpoint))
            return raise_timeout(system, thread);
    }
    wake(system, thread);
}

void leave_schedule(System& system, Thread& thread) {
    if (const auto queue = system.ready.find(thread.priority); queue != system.ready.end())
        std::erase(queue->second, &thread);
    if (system.decision.candidate == &thread)
        system.decision = {.choose = true};
    if (system.current == &thread)
        reschedule(system);
}

void wait_for_refill(System& system, SchedContext& context) {
    context.waits = true;
    auto& waiting = system.released_later;
    // Open: who is first of two whose refills come at the same time. Here it goes by address.
    const auto key = [](const SchedContext& of) { return std::pair(of.refills.front().time, of.address); };
    const auto behind =
        std::ranges::find_if(waiting, [&](const SchedContext* other) { return key(*other) > key(context); });
    waiting.insert(behind, &context);
}

void wait_no_longer(System& system, SchedContext& context) {
    std::erase(system.released_later, &context);
    context.waits = false;
}

void go_to_head(System& system, Thread& thread) {
    leave_schedule(system, thread);
    reschedule(system);
    to_head(system, thread);
}

void charge(System& system) {
    const Time used = system.now - system.charged_until;
    system.charged_until = system.now;
    if (!system.paying || used == 0)
        return;
    system.paying->consumed += used;
    use(*system.paying, used, least_budget(system));
}

bool may_enter(System& system) {
    if (!system.paying)
        return true;
    const Time used = system.now - system.charged_until;
    if (system.paying->refills.front().amount >= used + least_budget(system))
        return true;
    end_budget(system);
    return false;
}

void yield(System& system) {
    Thread& thread = *system.current;
    SchedContext& context = *thread.context;
    complete(thread);
    charge(system);
    reschedule(system);
    if (context.round_robin())
        fill(context, system.now);
    else
        use(context, context.refills.front().amount, least_budget(system));
    if (has_budget(system, context))
        to_tail(system, thread);
    else
        wait_for_refill(system, context);
}

void end_yield(System& system, Thread& thread) {
    SchedContext* const context = thread.yielded_to;
    if (!context)
        return;
    const Word consumed = take_consumed(system, *context);
    if (thread.yield_is_call)
        answer(thread, 0, {consumed});
    complete(thread);
    cancel_yield(thread);
}

void cancel_yield(Thread& thread) {
    if (thread.yielded_to)
        thread.yielded_to->yielded_from = nullptr;
    thread.yielded_to = nullptr;
}

void finish(System& system) {
    release(system);
    const bool lost = system.current && !schedulable(*system.current);
    if (lost || system.decision.choose || system.decision.candidate)
        choose(system);
    change_payer(system);
    set_deadline(system);
    if (system.current)
        end_yield(system, *system.current);
}

} // namespace spec
