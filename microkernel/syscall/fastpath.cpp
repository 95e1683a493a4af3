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
[[gnu::always_inline]] inline Capability quick_lookup(const Tcb& thread, Word pointer) {
    const Capability& root = thread.cap(TcbSlot::cspace);
    const unsigned radix = root.radix();
    if (!root.is(CapType::cnode) || root.guard_size() + radix != abi::word_bits)
        return {};
    if (pointer >> radix != root.guard())
        return {};
    return window<Slot>(root.object())[pointer & ones(radix)].cap;
}

/// Where the words behind the fourth are copied from and to; null if there are none.
struct Buffers {
    const abi::IpcBuffer* from = nullptr;
    abi::IpcBuffer* to = nullptr;
};

/// False if `info` promises more than words that both sides have a place for.
[[gnu::always_inline]] inline bool find_buffers(Word info, const Tcb& sender, const Tcb& receiver, Buffers& buffers) {
    constexpr Word length_and_caps = 0x1ff;
    if ((info & length_and_caps) <= abi::register_message_words) [[likely]]
        return true;
    if ((info & length_and_caps) > abi::max_message_words)
        return false;
    buffers = {ipc_buffer(sender), ipc_buffer(receiver)};
    return buffers.from && buffers.to;
}

[[gnu::always_inline]] inline void copy_message(const Context& from, Context& to, Word info, const Buffers& buffers) {
    constexpr Word label_and_length = ~Word{0xf80};
    const unsigned length = abi::MessageInfo(info).length();
    to.rsi = info & label_and_length;
    if (length == 0)
        return;
    to.r10 = from.r10;
    if (length == 1)
        return;
    to.r8 = from.r8;
    if (length == 2)
        return;
    to.r9 = from.r9;
    if (length == 3)
        return;
    to.r15 = from.r15;
    if (length <= abi::register_message_words)
        return;
    // Volatile keeps the loop a loop: for the few words of a usual message a call to memcpy would cost more.
    volatile Word* const words = buffers.to->message;
    for (unsigned i = abi::register_message_words; i < length; i++)
        words[i] = buffers.from->message[i];
}

Context* run(Tcb& thread) {
    cpu.current = &thread;
    switch_to(thread);
    return &thread.context;
}

} // namespace

Context* fast_call(Tcb& caller) {
    const Context& message = caller.context;
    const Capability cap = quick_lookup(caller, message.rdi);
    if (!cap.is(CapType::endpoint) || !cap.rights().can_write() ||
        !(cap.rights().can_grant() || cap.rights().can_grant_reply()))
        return nullptr;
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    if (endpoint.state() != Endpoint::State::receivers)
        return nullptr;
    Tcb& server = *endpoint.first();
    Reply* const reply = server.reply;
    SchedContext* const context = caller.sched_context;
    Buffers buffers;
    if (server.queue.next || !reply || server.sched_context || kernel_state.ready.any_above(server.priority) ||
        !find_buffers(message.rsi, caller, server, buffers))
        return nullptr;

    // As send(): the server leaves the queue, the caller awaits its answer, its context goes along.
    endpoint.become_idle();
    copy_message(message, server.context, message.rsi, buffers);
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
    const Capability reply_cap = quick_lookup(server, message.r12);
    const Capability cap = quick_lookup(server, message.rdi);
    if (!reply_cap.is(CapType::reply) || !cap.is(CapType::endpoint) || !cap.rights().can_read())
        return nullptr;
    Reply& reply = *window<Reply>(reply_cap.object());
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    Tcb* const caller = reply.thread;
    SchedContext* const context = server.sched_context;
    Buffers buffers;
    if (!caller || caller->state != ThreadState::awaiting_reply || caller->fault.type != abi::Fault::none ||
        caller->sched_context || reply.context() != context || endpoint.state() != Endpoint::State::idle ||
        server.bound_notification || kernel_state.ready.any_above(caller->priority) ||
        !find_buffers(message.rsi, server, *caller, buffers))
        return nullptr;

    // As answer(): the caller goes on, with its context.
    copy_message(message, caller->context, message.rsi, buffers);
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
