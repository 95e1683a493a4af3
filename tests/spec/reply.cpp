// SPDX-License-Identifier: BSD-2-Clause
#include <spec/reply.hpp>

#include <spec/fault.hpp>
#include <spec/message.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>
#include <spec/thread.hpp>

#include <algorithm>

namespace spec {
namespace {

/// What lies above `reply` in its stack stays; it and what lies below is in no stack any more.
void break_stack(Reply& reply) {
    if (!reply.context)
        return;
    auto& stack = reply.context->stack;
    const auto end = std::ranges::find(stack, &reply) + 1;
    for (auto lower = stack.begin(); lower != end; ++lower)
        (*lower)->context = nullptr;
    stack.erase(stack.begin(), end);
}

} // namespace

void await_reply(System& system, Thread& caller, Thread& server, Reply& reply, bool donate) {
    leave_schedule(system, caller);
    caller.state = ThreadState::awaiting_reply;
    caller.stopped_at = system.now;
    caller.reply = &reply;
    reply.thread = &caller;
    if (!donate || !caller.context || server.context)
        return;
    SchedContext& context = *caller.context;
    context.stack.push_back(&reply);
    reply.context = &context;
    give_context(system, context, server);
}

void unlink(Reply& reply) {
    if (reply.thread)
        reply.thread->reply = nullptr;
    reply.thread = nullptr;
}

void abandon(Reply& reply) {
    break_stack(reply);
    unlink(reply);
}

void resolve(System& system, Reply& reply) {
    Thread& caller = *reply.thread;
    SchedContext* context = reply.context;
    if (context && context->stack.back() == &reply) {
        context->stack.pop_back();
        reply.context = nullptr;
        if (!caller.context)
            give_context(system, *context, caller);
    } else {
        break_stack(reply);
    }
    unlink(reply);
}

void answer_caller(System& system, Thread& replier, Reply& reply, bool grant) {
    if (!reply.thread || reply.thread->state != ThreadState::awaiting_reply)
        return;
    Thread& caller = *reply.thread;
    resolve(system, reply);
    const bool was_timeout = caller.fault && caller.fault->type == FaultType::timeout;
    if (caller.fault) {
        const bool goes_on = answer_fault(system, replier, caller);
        caller.fault.reset();
        caller.state = goes_on ? ThreadState::running : ThreadState::stopped;
    } else {
        transfer_message(replier, caller, nullptr, 0, grant);
        complete(caller);
        caller.state = ThreadState::running;
    }
    if (caller.state == ThreadState::running)
        wake_answered(system, caller, was_timeout);
}

void recall(System& system, Reply& reply) {
    Thread& caller = *reply.thread;
    resolve(system, reply);
    caller.fault.reset();
    caller.state = ThreadState::running;
    wake_answered(system, caller, false);
}

void destroy_reply(System& system, Reply& reply) {
    if (!reply.thread)
        return;
    Thread& thread = *reply.thread;
    if (thread.fault && thread.fault->type == FaultType::keeper) {
        recall(system, reply);
    } else if (thread.state == ThreadState::awaiting_reply) {
        resolve(system, reply);
        thread.fault.reset();
        thread.state = ThreadState::stopped;
    } else {
        stop(system, thread);
    }
}

} // namespace spec
