// SPDX-License-Identifier: BSD-2-Clause
#include <spec/endpoint.hpp>

#include <spec/keeper.hpp>
#include <spec/message.hpp>
#include <spec/notification.hpp>
#include <spec/reply.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>
#include <spec/thread.hpp>

namespace spec {
namespace {

Thread& take_first(Queue& queue) {
    Thread& thread = *queue.front();
    queue.erase(queue.begin());
    return thread;
}

void deliver(System& system, Thread& sender, Thread& receiver, Endpoint& endpoint, const Sending& how) {
    if (sender.fault)
        transfer_fault(system, sender, receiver, how.badge);
    else
        transfer_message(sender, receiver, &endpoint, how.badge, how.grant);
    complete(receiver);
}

/// The message of a caller (or a fault) has been taken by `server`.
void taken(System& system, Thread& caller, Thread& server, Reply* reply, const Sending& how, bool donate) {
    if (reply && (how.grant || how.grant_reply)) {
        await_reply(system, caller, server, *reply, donate);
    } else {
        caller.state = ThreadState::stopped;
        caller.stopped_at = system.now;
        leave_schedule(system, caller);
    }
}

void again(System& system, Thread& thread) {
    // A keeper fault ends by an answer only.
    if (thread.fault && thread.fault->type != FaultType::keeper)
        stop(system, thread);
    else
        restart(system, thread);
}

/// A reply object is used anew: whoever waits there stops, but for a keeper fault, which happens again.
void take_from_waiter(System& system, Reply& reply) {
    if (reply.thread->fault && reply.thread->fault->type == FaultType::keeper)
        recall(system, reply);
    else
        stop(system, *reply.thread);
}

/// Keeper faults at the head of the queue that the tables have settled by now are not told: at most eight.
void let_settled_go(System& system, Endpoint& endpoint) {
    constexpr unsigned most = 8;
    for (unsigned i = 0; i < most && !endpoint.senders.empty(); i++) {
        Thread& sender = *endpoint.senders.front();
        if (!sender.fault || sender.fault->type != FaultType::keeper || !is_settled(system, sender))
            return;
        restart(system, sender);
    }
}

} // namespace

void send(System& system, Thread& sender, Endpoint& endpoint, const Sending& how, bool blocking, bool donate) {
    if (endpoint.receivers.empty()) {
        if (!blocking)
            return;
        sender.state = ThreadState::sending;
        sender.stopped_at = system.now;
        sender.endpoint = &endpoint;
        sender.sending = how;
        leave_schedule(system, sender);
        return join(endpoint.senders, sender);
    }
    Thread& receiver = take_first(endpoint.receivers);
    Reply* const reply = receiver.reply;
    if (reply)
        unlink(*reply);
    deliver(system, sender, receiver, endpoint, how);
    receiver.state = ThreadState::running;
    if (how.call)
        taken(system, sender, receiver, reply, how, donate);
    else if (donate && !receiver.context && sender.context)
        give_context(system, *sender.context, receiver);
    wake(system, receiver);
}

void receive(System& system, Thread& receiver, Endpoint& endpoint, Reply* reply, bool blocking) {
    if (reply && reply->thread && reply->thread != &receiver)
        take_from_waiter(system, *reply);
    if (receiver.bound && receiver.bound->signals)
        return take_signal(system, receiver, *receiver.bound);
    let_settled_go(system, endpoint);
    if (endpoint.senders.empty()) {
        if (!blocking) {
            receiver.registers[rdi] = 0;
            return complete(receiver);
        }
        receiver.state = ThreadState::receiving;
        receiver.stopped_at = system.now;
        receiver.endpoint = &endpoint;
        receiver.reply = reply;
        if (reply)
            reply->thread = &receiver;
        leave_schedule(system, receiver);
        if (receiver.bound)
            return_context(system, receiver, *receiver.bound);
        return join(endpoint.receivers, receiver);
    }
    Thread& sender = take_first(endpoint.senders);
    const Sending how = sender.sending;
    const bool timeout = sender.fault && sender.fault->type == FaultType::timeout;
    const bool was_passive = !receiver.context;
    deliver(system, sender, receiver, endpoint, how);
    if (how.call) {
        taken(system, sender, receiver, reply, how, !timeout);
    } else {
        complete(sender);
        sender.state = ThreadState::running;
        wake(system, sender);
    }
    if (was_passive)
        wake(system, receiver);
}

void cancel_badged_sends(System& system, Endpoint& endpoint, Word badge) {
    if (badge == 0)
        return;
    for (Thread* thread : Queue(endpoint.senders)) {
        if (thread->sending.badge == badge)
            again(system, *thread);
    }
}

void cancel_all(System& system, Endpoint& endpoint) {
    Queue queue = endpoint.senders;
    queue.insert(queue.end(), endpoint.receivers.begin(), endpoint.receivers.end());
    for (Thread* thread : queue)
        again(system, *thread);
}

} // namespace spec
