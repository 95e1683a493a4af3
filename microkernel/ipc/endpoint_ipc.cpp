// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/endpoint_ipc.hpp>
#include <ipc/fault.hpp>
#include <ipc/keeper_fault.hpp>
#include <ipc/notification_ipc.hpp>
#include <ipc/reply_stack.hpp>
#include <ipc/transfer.hpp>
#include <paging_ring.hpp>
#include <sched/scheduler.hpp>
#include <sched/yield.hpp>

namespace kernel {
namespace {

void resume_completed(Tcb& thread) {
    complete_syscall(thread);
    thread.state = ThreadState::runnable;
    wake(thread);
}

/// The message of a caller has been taken: it waits for the answer, or for good if none can come.
void await_answer(Tcb& caller, Tcb& callee, Reply* reply, bool can_be_answered, bool donates) {
    if (reply && can_be_answered)
        return push_reply(caller, callee, *reply, donates);
    note_kill(caller, abi::PagingCause::nobody);
    stop_running(caller, ThreadState::stopped);
}

Sent queue_sender(Tcb& sender, const Capability& cap, SendMode mode) {
    if (mode.blocking == Blocking::no)
        return Sent::yes;
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    stop_running(sender, ThreadState::sending);
    sender.endpoint = &endpoint;
    sender.send = {cap.badge(), mode.is_call, cap.rights().can_grant(), cap.can_call()};
    endpoint.insert(sender, Endpoint::State::senders);
    return Sent::no;
}

/// A thread that waited for an answer is runnable again, with its context.
void go_on(Tcb& thread, bool after_timeout) {
    SchedContext* const context = thread.sched_context;
    if (context && context->is_configured() && !context->is_round_robin() && !has_usable_budget(*context) &&
        !after_timeout && has_timeout_handler(thread))
        deliver_timeout(thread);
    else
        wake(thread);
}

/// Faults that wait here, and that the tables have settled meanwhile, need not be told; a few at a time.
inline void let_settled_go(Endpoint& endpoint) {
    for (unsigned most = 8; most > 0 && endpoint.state() == Endpoint::State::senders; most--) {
        Tcb& sender = *endpoint.first();
        if (sender.fault.type != abi::Fault::keeper_fault || !is_settled_meanwhile(sender)) [[likely]]
            return;
        restart(sender, abi::PagingCause::settled);
    }
}

} // namespace

Sent send(Tcb& sender, const Capability& cap, SendMode mode) {
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    if (!endpoint.has_receivers())
        return queue_sender(sender, cap, mode);
    Tcb& receiver = endpoint.pop();
    transfer(sender, {&endpoint, cap.badge(), cap.rights().can_grant()}, receiver);
    Reply* const reply = receiver.reply;
    if (reply)
        withdraw_reply(receiver, *reply);
    if (mode.is_call)
        await_answer(sender, receiver, reply, cap.can_call(), mode.donates);
    else if (mode.donates && !receiver.sched_context && sender.sched_context)
        donate(*sender.sched_context, receiver);
    resume_completed(receiver);
    return mode.is_call ? Sent::no : Sent::yes;
}

void receive(Tcb& receiver, Endpoint& endpoint, Blocking blocking, Reply* reply) {
    if (reply && reply->thread && reply->thread != &receiver) {
        if (reply->thread->fault.type == abi::Fault::keeper_fault)
            recall(*reply);
        else
            cancel_ipc(*reply->thread, abi::PagingCause::recalled);
    }
    Notification* const bound = receiver.bound_notification;
    if (bound && bound->state == Notification::State::active)
        return take_signal(receiver, *bound);
    let_settled_go(endpoint);
    if (endpoint.state() == Endpoint::State::senders) {
        Tcb& sender = endpoint.pop();
        const SendTerms& terms = sender.send;
        transfer(sender, {&endpoint, terms.badge, terms.can_grant}, receiver);
        const bool is_timeout = sender.fault.type == abi::Fault::timeout;
        const bool was_passive = !receiver.sched_context;
        if (terms.is_call)
            await_answer(sender, receiver, reply, terms.can_call, !is_timeout);
        else
            resume_completed(sender);
        complete_syscall(receiver);
        // The context that came with the message may have to wait for its refill first.
        if (was_passive)
            wake(receiver);
        return;
    }
    if (blocking == Blocking::no) {
        receiver.context.rdi = 0;
        return complete_syscall(receiver);
    }
    stop_running(receiver, ThreadState::receiving);
    receiver.endpoint = &endpoint;
    receiver.reply = reply;
    if (reply)
        reply->thread = &receiver;
    endpoint.insert(receiver, Endpoint::State::receivers);
    if (bound)
        return_context(*bound, receiver);
}

void answer(Tcb& replier, Reply& reply, bool can_grant) {
    Tcb* const caller = reply.thread;
    if (!caller || caller->state != ThreadState::awaiting_reply)
        return;
    pop_reply(reply);
    // Whose timeout was answered without giving it budget waits for the refill, or handler and thread would go round.
    const bool after_timeout = caller->fault.type == abi::Fault::timeout;
    if (caller->fault.type == abi::Fault::none) {
        transfer(replier, {nullptr, 0, can_grant}, *caller);
        complete_syscall(*caller);
        caller->state = ThreadState::runnable;
    } else {
        const bool goes_on = apply_fault_reply(*caller, replier);
        note_answer(*caller, goes_on);
        caller->fault = {};
        caller->state = goes_on ? ThreadState::runnable : ThreadState::stopped;
        if (!goes_on)
            return;
    }
    go_on(*caller, after_timeout);
}

void recall(Reply& reply, abi::PagingCause cause) {
    Tcb& caller = *reply.thread;
    note_restart(caller, cause);
    pop_reply(reply);
    caller.fault = {};
    caller.state = ThreadState::runnable;
    go_on(caller, false);
}

void cancel_ipc(Tcb& thread, abi::PagingCause cause) {
    switch (thread.state) {
    case ThreadState::stopped:
    case ThreadState::runnable: return;
    case ThreadState::sending:
    case ThreadState::receiving:
        thread.endpoint->remove(thread);
        if (thread.reply)
            withdraw_reply(thread, *thread.reply);
        break;
    case ThreadState::awaiting_reply: break_reply(*thread.reply); break;
    case ThreadState::waiting: thread.waits_on->remove(thread); break;
    }
    note_kill(thread, cause);
    thread.fault = {};
    thread.state = ThreadState::stopped;
}

void suspend(Tcb& thread) {
    cancel_ipc(thread);
    cancel_yield(thread);
    stop_running(thread, ThreadState::stopped);
}

void restart(Tcb& thread, abi::PagingCause cause) {
    if (thread.state == ThreadState::runnable)
        return;
    note_restart(thread, cause);
    thread.fault = {};
    cancel_ipc(thread);
    thread.state = ThreadState::runnable;
    wake(thread);
}

void send_again(Tcb& thread) {
    const bool repeats = thread.fault.type == abi::Fault::none || thread.fault.type == abi::Fault::keeper_fault;
    if (repeats)
        return restart(thread, abi::PagingCause::released);
    cancel_ipc(thread, abi::PagingCause::released);
}

bool release_one(Endpoint& endpoint) {
    Tcb* const thread = endpoint.first();
    if (thread)
        send_again(*thread);
    return thread != nullptr;
}

} // namespace kernel
