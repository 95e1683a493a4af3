// SPDX-License-Identifier: BSD-2-Clause
#include <check/invariants.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <object/sched_context.hpp>
#include <sched/scheduler.hpp>
#include <system.hpp>

namespace kernel {
namespace {

/// A wait queue from its first thread on: order, links, runs.
const char* broken_queue(const Tcb* first) {
    if (first && (first->queue.previous || first->queue.previous_run))
        return "nothing stands before the first thread of a queue";
    const Tcb* run = first;
    for (const Tcb* thread = first; thread; thread = thread->queue.next) {
        const Tcb* next = thread->queue.next;
        if (next && (next->queue.previous != thread || next->priority > thread->priority))
            return "wait queues are linked both ways and ordered by priority";
        const bool ends_run = !next || next->priority != thread->priority;
        if ((thread == run) != (thread->queue.last_of_run != nullptr))
            return "only the first of a run knows the last";
        if (ends_run) {
            if (run->queue.last_of_run != thread || run->queue.next_run != next)
                return "the first of a run knows the last, and the next run";
            if (next && next->queue.previous_run != run)
                return "a run knows the run before it";
            run = next;
        }
    }
    return nullptr;
}

bool is_queued(const Tcb* first, const Tcb& thread) {
    while (first && first != &thread)
        first = first->queue.next;
    return first != nullptr;
}

const char* broken_links(const Tcb& thread) {
    if (thread.sched_context && thread.sched_context->thread != &thread)
        return "a thread's scheduling context is bound to it";
    if (thread.bound_notification && thread.bound_notification->bound != &thread)
        return "a thread's bound notification knows the thread";
    if (thread.yielded_to && thread.yielded_to->yielded_from != &thread)
        return "the context that a thread yielded to knows the thread";
    if (thread.reply && thread.reply->thread != &thread)
        return "a thread and its reply object know each other";
    return nullptr;
}

const char* broken_registers(const Context& context) {
    if (!VirtAddr(context.rip).is_canonical() || !VirtAddr(context.fs_base).is_canonical() ||
        !VirtAddr(context.gs_base).is_canonical())
        return "saved addresses are canonical";
    if (context.rflags != sanitised_rflags(context.rflags))
        return "saved flags are what user code may have";
    if (context.cs != user_code_selector || context.ss != user_data_selector)
        return "threads run in ring 3";
    return nullptr;
}

const char* broken_state(Tcb& thread) {
    const bool ready = is_schedulable(thread) && &thread != cpu.current;
    if (thread.in_ready_queue != ready)
        return "a thread is in a ready queue exactly if it could run and does not";
    const bool queued = thread.state == ThreadState::sending || thread.state == ThreadState::receiving;
    if (queued && !is_queued(thread.endpoint->first(), thread))
        return "a sending or receiving thread is queued on its endpoint";
    if (thread.state == ThreadState::waiting && !is_queued(thread.waits_on->waiters, thread))
        return "a waiting thread is queued on its notification";
    if (thread.state == ThreadState::awaiting_reply && !thread.reply)
        return "a thread that awaits a reply has a reply object";
    if (thread.reply && thread.state != ThreadState::awaiting_reply && thread.state != ThreadState::receiving)
        return "only receiving and calling threads have a reply object";
    const bool may_have_fault = thread.state == ThreadState::stopped || thread.state == ThreadState::sending ||
                                thread.state == ThreadState::awaiting_reply;
    if (thread.fault.type != abi::Fault::none && !may_have_fault)
        return "a thread with a pending fault does not run";
    return nullptr;
}

const char* broken_refills(SchedContext& context) {
    if (context.count < 1 || context.count > context.max || context.head >= context.max)
        return "a configured context has between one and all of its refills";
    Ticks sum{};
    const uint32_t first_that_follows = context.merging ? 2 : 1;
    for (uint32_t i = 0; i < context.count; i++) {
        sum += context.refill(i).amount;
        if (i >= first_that_follows &&
            context.refill(i).time < context.refill(i - 1).time + context.refill(i - 1).amount)
            return "refills follow one another";
    }
    if (context.is_round_robin() ? sum > context.budget : sum != context.budget)
        return "refills add up to the budget";
    return nullptr;
}

} // namespace

const char* broken_thread(Tcb& thread) {
    if (const char* broken = broken_links(thread))
        return broken;
    if (const char* broken = broken_registers(thread.context))
        return broken;
    return broken_state(thread);
}

const char* broken_context(SchedContext& context) {
    if (context.thread && context.thread->sched_context != &context)
        return "a context's thread runs on it";
    if (context.notification && context.notification->sched_context != &context)
        return "a context's notification knows the context";
    if (context.yielded_from && context.yielded_from->yielded_to != &context)
        return "the thread that yielded to a context knows the context";
    if (context.top_reply && context.top_reply->context() != &context)
        return "the top of a context's stack knows the context";
    if (context.in_release_queue() && !context.thread)
        return "only contexts of threads wait for refills";
    return context.is_configured() ? broken_refills(context) : nullptr;
}

const char* broken_endpoint(const Endpoint& endpoint) {
    if ((endpoint.state() == Endpoint::State::idle) != (endpoint.first() == nullptr))
        return "an endpoint is idle exactly if nobody is queued";
    const ThreadState state =
        endpoint.state() == Endpoint::State::senders ? ThreadState::sending : ThreadState::receiving;
    for (const Tcb* thread = endpoint.first(); thread; thread = thread->queue.next) {
        if (thread->state != state || thread->endpoint != &endpoint)
            return "an endpoint queues only senders or only receivers";
    }
    return broken_queue(endpoint.first());
}

const char* broken_notification(const Notification& notification) {
    if ((notification.state == Notification::State::waiting) != (notification.waiters != nullptr))
        return "a notification is waited for exactly if somebody is queued";
    for (const Tcb* thread = notification.waiters; thread; thread = thread->queue.next) {
        if (thread->state != ThreadState::waiting || thread->waits_on != &notification)
            return "a notification queues only threads that wait for it";
    }
    if (notification.bound && notification.bound->bound_notification != &notification)
        return "a notification's bound thread knows it";
    if (notification.sched_context && notification.sched_context->notification != &notification)
        return "a notification's context knows it";
    return broken_queue(notification.waiters);
}

const char* broken_reply(const Reply& reply) {
    if (reply.thread && reply.thread->reply != &reply)
        return "a reply object and its thread know each other";
    if (!reply.thread && (reply.is_stacked() || reply.previous))
        return "an idle reply object is in no stack";
    if (reply.previous && reply.previous->next() != &reply)
        return "the reply below in a stack knows the one above";
    if (const Reply* next = reply.next(); next && next->previous != &reply)
        return "the reply above in a stack knows the one below";
    return nullptr;
}

const char* broken_scheduler() {
    for (unsigned priority = 0; priority < priority_count; priority++) {
        const Tcb* first = kernel_state.ready.first(static_cast<uint8_t>(priority));
        if (first && first->queue.previous)
            return "nothing stands before the first thread of a ready queue";
        for (const Tcb* thread = first; thread; thread = thread->queue.next) {
            if (thread->priority != priority || !thread->in_ready_queue)
                return "ready threads are in the queue of their priority";
            if (thread->queue.next && thread->queue.next->queue.previous != thread)
                return "ready queues are linked both ways";
        }
    }
    if (cpu.choosing || cpu.candidate)
        return "no decision is pending between kernel entries";
    if (cpu.current && !is_schedulable(*cpu.current))
        return "the running thread can run";
    if (!cpu.current && !kernel_state.ready.is_empty())
        return "nobody idles while a thread is ready";
    if (cpu.context != (cpu.current ? cpu.current->sched_context : nullptr))
        return "the running thread's context pays";
    return nullptr;
}

} // namespace kernel
