// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/endpoint_ipc.hpp>
#include <ipc/fault.hpp>
#include <ipc/notification_ipc.hpp>
#include <ipc/reply_stack.hpp>
#include <ipc/transfer.hpp>
#include <object/notification.hpp>
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
void await_answer(Tcb& caller, Tcb& callee, Reply* reply, const SendTerms& terms, Donation donation) {
    if (reply && (terms.can_grant || terms.can_grant_reply))
        push_reply(caller, callee, *reply, donation == Donation::yes);
    else
        stop_running(caller, ThreadState::stopped);
}

} // namespace

Sent send(Tcb& sender, Endpoint& endpoint, const SendTerms& terms, Blocking blocking, Donation donation) {
    if (endpoint.state() != Endpoint::State::receivers) {
        if (blocking == Blocking::no)
            return Sent::yes;
        stop_running(sender, ThreadState::sending);
        sender.endpoint = &endpoint;
        sender.send = terms;
        endpoint.insert(sender, Endpoint::State::senders);
        return Sent::no;
    }
    Tcb& receiver = *endpoint.first();
    endpoint.remove(receiver);
    transfer(sender, {&endpoint, terms.badge, terms.can_grant}, receiver);
    Reply* const reply = receiver.reply;
    withdraw_reply(receiver);
    if (terms.is_call)
        await_answer(sender, receiver, reply, terms, donation);
    else if (donation == Donation::yes && sender.sched_context && !receiver.sched_context)
        donate(*sender.sched_context, receiver);
    resume_completed(receiver);
    return terms.is_call ? Sent::no : Sent::yes;
}

void receive(Tcb& receiver, Endpoint& endpoint, bool can_grant, Blocking blocking, Reply* reply) {
    if (reply && reply->thread && reply->thread != &receiver)
        cancel_ipc(*reply->thread);
    Notification* const bound = receiver.bound_notification;
    if (bound && bound->state == Notification::State::active)
        return take_signal(receiver, *bound);
    if (endpoint.state() == Endpoint::State::senders) {
        Tcb& sender = *endpoint.first();
        endpoint.remove(sender);
        const SendTerms& terms = sender.send;
        transfer(sender, {&endpoint, terms.badge, terms.can_grant}, receiver);
        const bool is_timeout = sender.fault.type == abi::Fault::timeout;
        const bool was_passive = !receiver.sched_context;
        if (terms.is_call)
            await_answer(sender, receiver, reply, terms, is_timeout ? Donation::no : Donation::yes);
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
    receiver.can_grant_as_receiver = can_grant;
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
        caller->fault = {};
        caller->state = goes_on ? ThreadState::runnable : ThreadState::stopped;
        if (!goes_on)
            return;
    }
    SchedContext* const context = caller->sched_context;
    if (context && context->is_configured() && !context->is_round_robin() && !has_usable_budget(*context) &&
        !after_timeout && has_timeout_handler(*caller))
        deliver_timeout(*caller);
    else
        wake(*caller);
}

void cancel_ipc(Tcb& thread) {
    switch (thread.state) {
    case ThreadState::stopped:
    case ThreadState::runnable: return;
    case ThreadState::sending:
    case ThreadState::receiving:
        thread.endpoint->remove(thread);
        withdraw_reply(thread);
        break;
    case ThreadState::awaiting_reply: break_reply(*thread.reply); break;
    case ThreadState::waiting: thread.waits_on->remove(thread); break;
    }
    thread.fault = {};
    thread.state = ThreadState::stopped;
}

void suspend(Tcb& thread) {
    cancel_ipc(thread);
    cancel_yield(thread);
    stop_running(thread, ThreadState::stopped);
}

void restart(Tcb& thread) {
    if (thread.state == ThreadState::runnable)
        return;
    cancel_ipc(thread);
    thread.fault = {};
    thread.state = ThreadState::runnable;
    wake(thread);
}

bool release_one(Endpoint& endpoint) {
    Tcb* const thread = endpoint.first();
    if (!thread)
        return false;
    const bool faulted = thread->fault.type != abi::Fault::none;
    cancel_ipc(*thread);
    if (!faulted)
        restart(*thread);
    return true;
}

} // namespace kernel
