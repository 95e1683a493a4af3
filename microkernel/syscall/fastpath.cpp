// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/message.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <sched/switch.hpp>
#include <syscall/fastpath.hpp>
#include <system.hpp>

namespace kernel {
namespace {

/// The capability that `pointer` names, if one CNode resolves all its bits; else a null capability.
[[gnu::always_inline]] inline const Capability& quick_lookup(const Tcb& thread, Word pointer) {
    static constexpr Capability none;
    const Slot* slot = thread.cspace.find(pointer);
    return slot ? slot->cap : none;
}

/// False if `info` promises capabilities, or more words than both sides have a place for.
[[gnu::always_inline]] inline bool is_simple(Word info, const Tcb& sender, const Tcb& receiver) {
    constexpr Word length_and_caps = 0x1ff;
    return (info & length_and_caps) <= abi::register_message_words ||
           ((info & length_and_caps) <= abi::max_message_words && sender.buffer && receiver.buffer);
}

[[gnu::always_inline]] inline void copy_message(const Tcb& from, Tcb& to, Word info) {
    constexpr Word label_and_length = ~Word{0xf80};
    const unsigned length = info & 127;
    to.context.rsi = info & label_and_length;
    copy_register_words(from.context, to.context, length);
    if (length > abi::register_message_words) [[unlikely]]
        copy_buffer_words(*from.buffer, *to.buffer, length);
}

[[gnu::always_inline]] inline Context* run(Tcb& thread) {
    cpu.current = &thread;
    switch_to(thread);
    return &thread.context;
}

} // namespace

Context* fast_call(Tcb& caller) {
    const Context& message = caller.context;
    const Capability& cap = quick_lookup(caller, message.rdi);
    if (!cap.is(CapType::endpoint) || !cap.rights().can_write() ||
        !(cap.rights().can_grant() || cap.rights().can_grant_reply()))
        return nullptr;
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    if (endpoint.state() != Endpoint::State::receivers)
        return nullptr;
    Tcb& server = *endpoint.first();
    Reply* const reply = server.reply;
    SchedContext* const context = caller.sched_context;
    if (server.queue.next || !reply || server.sched_context || kernel_state.ready.any_above(server.priority) ||
        !is_simple(message.rsi, caller, server))
        return nullptr;

    // As send(): the server leaves the queue, the caller awaits its answer, its context goes along.
    endpoint.become_idle();
    copy_message(caller, server, message.rsi);
    server.context.rdi = cap.badge();
    server.state = ThreadState::runnable;
    complete_syscall(server);
    caller.state = ThreadState::awaiting_reply;
    caller.context.rip -= syscall_instruction_size;
    caller.reply = reply;
    server.reply = nullptr;
    reply->thread = &caller;
    reply->previous = context->top_reply;
    if (reply->previous)
        reply->previous->set_next(reply);
    reply->set_context(context);
    context->top_reply = reply;
    context->thread = &server;
    server.sched_context = context;
    caller.sched_context = nullptr;
    return run(server);
}

Context* fast_reply_recv(Tcb& server) {
    const Context& message = server.context;
    const Capability& reply_cap = quick_lookup(server, message.r12);
    const Capability& cap = quick_lookup(server, message.rdi);
    if (!reply_cap.is(CapType::reply) || !cap.is(CapType::endpoint) || !cap.rights().can_read())
        return nullptr;
    Reply& reply = *window<Reply>(reply_cap.object());
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    Tcb* const caller = reply.thread;
    SchedContext* const context = server.sched_context;
    if (!caller || caller->state != ThreadState::awaiting_reply || caller->fault.type != abi::Fault::none ||
        caller->sched_context || reply.context() != context || endpoint.state() != Endpoint::State::idle ||
        server.bound_notification || kernel_state.ready.any_above(caller->priority) ||
        !is_simple(message.rsi, server, *caller))
        return nullptr;

    // As answer(): the caller goes on, with its context.
    copy_message(server, *caller, message.rsi);
    caller->context.rdi = 0;
    caller->state = ThreadState::runnable;
    caller->reply = nullptr;
    complete_syscall(*caller);
    context->top_reply = reply.previous;
    if (reply.previous)
        reply.previous->set_context(context);
    context->thread = caller;
    caller->sched_context = context;
    server.sched_context = nullptr;
    // As receive(): the server waits, alone, and offers the reply object again.
    reply.thread = &server;
    reply.previous = nullptr;
    reply.set_next(nullptr);
    server.reply = &reply;
    server.state = ThreadState::receiving;
    server.context.rip -= syscall_instruction_size;
    server.endpoint = &endpoint;
    server.can_grant_as_receiver = cap.rights().can_grant();
    server.queue = {};
    server.queue.last_of_run = &server;
    endpoint.become_receiving(server);
    return run(*caller);
}

} // namespace kernel
