// SPDX-License-Identifier: BSD-2-Clause
// Every kernel entry of a program but interrupts: short ways for what clients, servers and pagers do all the time (Call to a
// passive server, ReplyRecv of one, a fault whose handler is one, a signal). They do exactly what the long way would do, or
// nothing, and then take the long way.
//
// With g++ these functions keep no callee-saved registers (meson.build): only the entry stubs call them, which have saved
// all of them already.
#include <abi/syscall.hpp>
#include <arch/x86_64/interrupt/vectors.hpp>
#include <ipc/notification_ipc.hpp>
#include <ipc/transfer.hpp>
#include <object/endpoint.hpp>
#include <object/reply.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <syscall/invoke.hpp>
#include <syscall/syscall.hpp>

namespace kernel {
namespace {

/// The only thread that waits on `endpoint`: passive, ready to answer, and nobody would run before it. Else null.
[[gnu::always_inline]] inline Tcb* waiting_server(const Endpoint& endpoint) {
    if (!endpoint.has_receivers())
        return nullptr;
    Tcb& server = *endpoint.first();
    const bool fits = !server.queue.next && server.reply && !server.sched_context;
    return fits && !kernel_state.ready.any_above(server.priority) ? &server : nullptr;
}

/// Whether a bound notification has something for `thread`.
[[gnu::always_inline]] inline bool has_signals(const Tcb& thread) {
    return thread.bound_notification && thread.bound_notification->state == Notification::State::active;
}

/// The rest of a kernel entry of `from`, which is loaded: `to` runs.
[[gnu::always_inline]] inline Context* run(Tcb& from, Tcb& to) {
    cpu.current = &to;
    exchange_loaded(from, to);
    leave();
    return &to.context;
}

/// As send() does when its message is a call or a fault: `server`, which has it, leaves the queue of `endpoint` and runs;
/// `caller` awaits the answer, its context goes along.
[[gnu::always_inline]] inline Context* hand_over(Tcb& caller, Endpoint& endpoint, Tcb& server) {
    endpoint.become_idle();
    server.state = ThreadState::runnable;
    complete_syscall(server);
    Reply& reply = *server.reply;
    SchedContext& context = *caller.sched_context;
    caller.state = ThreadState::awaiting_reply;
    caller.reply = &reply;
    server.reply = nullptr;
    reply.thread = &caller;
    reply.previous = context.top_reply;
    if (reply.previous)
        reply.previous->set_next(&reply);
    reply.set_context(&context);
    context.top_reply = &reply;
    context.thread = &server;
    server.sched_context = &context;
    caller.sched_context = nullptr;
    return run(caller, server);
}

/// What the answer of `server` does to the thread that waits on its reply object. False: this is for the long way.
[[gnu::always_inline]] inline bool apply_answer(const Tcb& server, Tcb& waiter) {
    switch (waiter.fault.type) {
    case abi::Fault::none:
        if (!is_words_only(server, waiter))
            return false;
        transfer_words(server, 0, waiter);
        complete_syscall(waiter);
        return true;
    case abi::Fault::user_exception: {
        const abi::MessageInfo info = message_info(server);
        if (info.label() != 0 || info.extra_caps() != 0 || info.length() > abi::user_exception::reply_length)
            return false;
        if (info.length() > abi::user_exception::ip)
            waiter.context.rip = sanitised_ip(server.context.r10);
        if (info.length() > abi::user_exception::rsp)
            waiter.context.rsp = server.context.r8;
        if (info.length() > abi::user_exception::rflags)
            waiter.context.rflags = sanitised_rflags(server.context.r9);
        waiter.fault.type = abi::Fault::none;
        return true;
    }
    case abi::Fault::vm_fault:
        if (message_info(server).extra_caps() != 0)
            return false;
        waiter.fault.type = abi::Fault::none;
        return true;
    default: return false;
    }
}

/// A Send or Call whose destination is in `slot`, by the long way.
Context* invoke_entry(Tcb& thread, Slot& slot, SendMode mode) {
    thread.context.rip -= syscall_instruction_size;
    if (may_enter())
        invoke_slot(thread, slot, mode);
    return leave_kernel();
}

FaultRecord fault_of(const Context& context, Word address) {
    if (context.origin == x86::vector::page_fault)
        return {abi::Fault::vm_fault, address, context.error_code};
    return {abi::Fault::user_exception, context.origin, context.error_code};
}

} // namespace

extern "C" Context* call_entry(Context* context) {
    enter();
    Tcb& caller = Tcb::of(*context);
    const Word pointer = context->rdi;
    if (!caller.cspace.has(pointer)) [[unlikely]]
        return slow_syscall(caller);
    Slot& slot = caller.cspace.slot(pointer);
    const Capability& cap = slot.cap;
    constexpr SendMode call{.is_call = true, .blocking = Blocking::yes, .donates = true};
    if (!cap.is(CapType::endpoint) || !cap.can_call())
        return invoke_entry(caller, slot, call);
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    Tcb* const server = waiting_server(endpoint);
    if (!server || !is_words_only(caller, *server) || !has_time()) [[unlikely]]
        return invoke_entry(caller, slot, call);
    transfer_words(caller, cap.badge(), *server);
    caller.context.rip -= syscall_instruction_size;
    return hand_over(caller, endpoint, *server);
}

extern "C" Context* exception_entry(Context* context) {
    const Word address = x86::read_cr2();
    enter();
    Tcb& thread = Tcb::of(*context);
    const FaultRecord fault = fault_of(*context, address);
    const Capability& handler = thread.cap(TcbSlot::fault_handler);
    if (!handler.is(CapType::endpoint) || !handler.can_call()) [[unlikely]]
        return slow_fault(thread, fault);
    Endpoint& endpoint = *window<Endpoint>(handler.object());
    Tcb* const server = waiting_server(endpoint);
    if (!server || !has_time()) [[unlikely]]
        return slow_fault(thread, fault);
    thread.fault = fault;
    const Context& at = thread.context;
    Context& message = server->context;
    message.r10 = at.rip;
    unsigned length = 4;
    if (fault.type == abi::Fault::vm_fault) {
        message.r8 = fault.subject;
        message.r9 = fault.detail >> 4 & 1;
        message.r15 = fault.detail & 31;
    } else {
        message.r8 = at.rsp;
        message.r9 = at.rflags;
        message.r15 = fault.subject;
        if (server->buffer)
            server->buffer->message[length++] = fault.detail;
    }
    message.rsi = abi::MessageInfo(static_cast<Word>(fault.type), length).raw();
    message.rdi = handler.badge();
    return hand_over(thread, endpoint, *server);
}

extern "C" Context* reply_recv_entry(Context* own) {
    enter();
    Tcb& server = Tcb::of(*own);
    const Word pointer = own->rdi;
    const Word reply_pointer = own->r12;
    if (!server.cspace.has(pointer) || !server.cspace.has(reply_pointer)) [[unlikely]]
        return slow_syscall(server);
    const Capability& reply_cap = server.cspace.slot(reply_pointer).cap;
    const Capability& cap = server.cspace.slot(pointer).cap;
    if (!reply_cap.is(CapType::reply) || !cap.is(CapType::endpoint) || !cap.rights().can_read()) [[unlikely]]
        return slow_syscall(server);
    Reply& reply = *window<Reply>(reply_cap.object());
    Endpoint& endpoint = *window<Endpoint>(cap.object());
    Tcb* const waiter = reply.thread;
    SchedContext* const context = server.sched_context;
    // On top of the stack of the server's own context: then the waiter awaits an answer and has no context.
    if (reply.context() != context || waiter->sched_context || !endpoint.is_idle() || has_signals(server) ||
        kernel_state.ready.any_above(waiter->priority) || !has_time() || !apply_answer(server, *waiter)) [[unlikely]]
        return slow_syscall(server);

    // As answer(): the waiter goes on, with its context.
    waiter->state = ThreadState::runnable;
    waiter->reply = nullptr;
    context->top_reply = reply.previous;
    if (reply.previous)
        reply.previous->set_context(context);
    context->thread = waiter;
    waiter->sched_context = context;
    server.sched_context = nullptr;
    // As receive(): the server waits, alone, and offers the reply object again.
    reply.thread = &server;
    reply.previous = nullptr;
    reply.set_next(nullptr);
    server.reply = &reply;
    server.state = ThreadState::receiving;
    server.context.rip -= syscall_instruction_size;
    server.endpoint = &endpoint;
    endpoint.become_receiving(server);
    return run(server, *waiter);
}

extern "C" Context* syscall_entry(Context* context) {
    enter();
    Tcb& thread = Tcb::of(*context);
    const auto number = static_cast<abi::Syscall>(context->rdx);
    if (number == abi::Syscall::send && thread.cspace.has(context->rdi)) {
        Slot& slot = thread.cspace.slot(context->rdi);
        const Capability& cap = slot.cap;
        const bool is_signal = cap.is(CapType::notification) && cap.rights().can_write();
        if (!is_signal || message_info(thread).extra_caps() != 0 || !has_time())
            return invoke_entry(thread, slot, {.blocking = Blocking::yes});
        signal(*window<Notification>(cap.object()), cap.badge());
        return leave_kernel();
    }
    if (number != abi::Syscall::yield || !has_time()) // without time the long way just ends the budget
        return slow_syscall(thread);
    yield_current();
    return leave_kernel();
}

} // namespace kernel
