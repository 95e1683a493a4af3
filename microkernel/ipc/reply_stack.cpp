// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/reply_stack.hpp>
#include <sched/scheduler.hpp>

namespace kernel {
namespace {

void make_idle(Reply& reply) {
    reply.thread->reply = nullptr;
    reply.thread = nullptr;
    reply.previous = nullptr;
    reply.set_next(nullptr);
}

} // namespace

void push_reply(Tcb& caller, Tcb& callee, Reply& reply, bool can_donate) {
    reply.thread = &caller;
    caller.reply = &reply;
    stop_running(caller, ThreadState::awaiting_reply);
    SchedContext* context = caller.sched_context;
    if (!can_donate || !context || callee.sched_context)
        return;
    reply.previous = context->top_reply;
    if (reply.previous)
        reply.previous->set_next(&reply);
    reply.set_context(context);
    context->top_reply = &reply;
    donate(*context, callee);
}

void pop_reply(Reply& reply) {
    Tcb& caller = *reply.thread;
    SchedContext* const context = reply.context();
    if (!context)
        return break_reply(reply);
    context->top_reply = reply.previous;
    if (reply.previous)
        reply.previous->set_context(context);
    make_idle(reply);
    if (!caller.sched_context)
        donate(*context, caller);
}

void break_reply(Reply& reply) {
    if (SchedContext* context = reply.context())
        context->top_reply = nullptr;
    else if (Reply* next = reply.next())
        next->previous = nullptr;
    if (reply.previous)
        reply.previous->set_next(nullptr);
    make_idle(reply);
}

} // namespace kernel
