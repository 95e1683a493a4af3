// SPDX-License-Identifier: BSD-2-Clause
// Every kernel entry of a program but interrupts: short ways for what clients, servers and pagers do all the time (Call to a
// passive server, ReplyRecv of one, a fault whose handler is one, a signal). They do exactly what the long way would do, or
// nothing, and then take the long way.
//
// With g++ these functions keep no callee-saved registers (meson.build): only the entry stubs call them, which have saved
// all of them already.
#include <abi/syscall.hpp>
#include <arch/x86_64/interrupt/vectors.hpp>
#include <ipc/fault.hpp>
#include <ipc/keeper_fault.hpp>
#include <ipc/notification_ipc.hpp>
#include <ipc/transfer.hpp>
#include <paging_ring.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <syscall/invoke.hpp>
#include <syscall/map_item.hpp>
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
    caller.stopped_at = cpu.now;
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
        note_restart(waiter, abi::PagingCause::answered);
        waiter.fault.type = abi::Fault::none;
        return true;
    }
    case abi::Fault::vm_fault:
    case abi::Fault::keeper_fault:
        if (message_info(server).extra_caps() != 0)
            return false;
        note_restart(waiter, abi::PagingCause::answered);
        waiter.fault.type = abi::Fault::none;
        return true;
    default: return false;
    }
}

/// As answer() and receive() do: the waiter on `reply`, on top of the stack of `server`'s context, goes on with that
/// context; `server` waits on the idle `endpoint` and offers the reply object again.
[[gnu::always_inline]] inline Context* answer_and_wait(Tcb& server, Reply& reply, Endpoint& endpoint) {
    Tcb& waiter = *reply.thread;
    SchedContext& context = *server.sched_context;
    waiter.state = ThreadState::runnable;
    waiter.reply = nullptr;
    context.top_reply = reply.previous;
    if (reply.previous)
        reply.previous->set_context(&context);
    context.thread = &waiter;
    waiter.sched_context = &context;
    server.sched_context = nullptr;
    reply.thread = &server;
    reply.previous = nullptr;
    reply.set_next(nullptr);
    server.reply = &reply;
    server.state = ThreadState::receiving;
    server.stopped_at = cpu.now;
    server.context.rip -= syscall_instruction_size;
    server.endpoint = &endpoint;
    endpoint.become_receiving(server);
    return run(server, waiter);
}

/// Whether a passive server's answer through `reply`, and its waiting on `endpoint`, can take the short way: the object is
/// on top of the stack of the server's own context, so its waiter awaits an answer and has no context.
[[gnu::always_inline]] inline bool is_plain_answer(const Tcb& server, const Reply& reply, const Endpoint& endpoint) {
    return reply.context() == server.sched_context && !reply.thread->sched_context && endpoint.is_idle() &&
           !has_signals(server) && !kernel_state.ready.any_above(reply.thread->priority) && has_time();
}

/// What ReplyRecv and ReplyMapRecv name, if it is what they need and quickly found.
struct AnswerObjects {
    Reply* reply; ///< null: look for it by the long way
    Endpoint* endpoint;
};
[[gnu::always_inline]] inline AnswerObjects answer_objects(const Tcb& server) {
    const Word pointer = server.context.rdi;
    const Word reply_pointer = server.context.r12;
    if (!server.cspace.has(pointer) || !server.cspace.has(reply_pointer)) [[unlikely]]
        return {};
    const Capability& reply = server.cspace.slot(reply_pointer).cap;
    const Capability& cap = server.cspace.slot(pointer).cap;
    if (!reply.is(CapType::reply) || !cap.is(CapType::endpoint) || !cap.rights().can_read()) [[unlikely]]
        return {};
    return {window<Reply>(reply.object()), window<Endpoint>(cap.object())};
}

/// Maps the one item of an answer if it is the usual one: a frame of 4 KiB that is mapped nowhere, at an empty entry of the
/// keeper that was asked. False: nothing happened.
[[gnu::always_inline]] inline bool map_plain_page(const Tcb& server, const Tcb& waiter) {
    constexpr Word one_item = abi::MessageInfo(static_cast<Word>(abi::PagerAnswer::map), 2).raw();
    const Word pointer = server.context.r10;
    const Capability& vspace = waiter.cap(TcbSlot::vspace);
    if (server.context.rsi != one_item || !server.cspace.has(pointer) || waiter.keeper.orphaned ||
        !is_live_space(vspace))
        return false;
    Slot& source = server.cspace.slot(pointer);
    const Capability& frame = source.cap;
    const abi::Place place(server.context.r8);
    const VirtAddr address(place.address());
    if (!frame.is(CapType::frame) || frame.frame_size() != FrameSize::small_4k || frame.is_mapped() || place.copies() ||
        !check_place(abi::PageRights(waiter.keeper.rights), place, 0) || !may_give(frame, place.rights()) ||
        address.raw() >= abi::user_end)
        return false;
    const KeeperWalk found = walk_to_keeper(vspace.object(), address);
    if (found.level != Level::pt || found.keeper != waiter.keeper.keeper || found.keeper == 0 ||
        !found.entry->is_empty())
        return false;
    map_frame(source, page_for(place, frame.object(), Level::pt), *found.entry, vspace.asid(), address);
    note_answer_with_page(waiter, place.raw(), frame.object(), vspace.asid());
    return true;
}

/// ReplyMapRecv with a single page.
Context* reply_map_recv_entry(Tcb& server) {
    const auto [reply, endpoint] = answer_objects(server);
    if (!reply || !is_plain_answer(server, *reply, *endpoint) ||
        reply->thread->fault.type != abi::Fault::keeper_fault || !map_plain_page(server, *reply->thread)) [[unlikely]]
        return slow_syscall(server);
    reply->thread->fault.type = abi::Fault::none;
    return answer_and_wait(server, *reply, *endpoint);
}

/// A fault of a thread with a keeper table.
Context* keeper_table_entry(Tcb& thread, const FaultRecord& fault) {
    if (fault.type != abi::Fault::vm_fault || !has_time()) [[unlikely]]
        return slow_fault(thread, fault);
    thread.fault = fault;
    const KeeperWalk found = walk_of(thread);
    const Capability* const handler = begin_keeper_fault(thread, found);
    Endpoint* const endpoint = handler ? window<Endpoint>(handler->object()) : nullptr;
    Tcb* const server = endpoint ? waiting_server(*endpoint) : nullptr;
    if (!server) [[unlikely]] {
        note_trap(thread, fault);
        tell_fault(thread, handler);
        return leave_kernel();
    }
    note_told_fault(thread, fault, write_keeper_message(thread, found, handler->badge(), *server));
    return hand_over(thread, *endpoint, *server);
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
    if (handler.is(CapType::cnode))
        return keeper_table_entry(thread, fault);
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
        note_told_fault(thread, fault, fault.detail);
        message.r8 = fault.subject;
        message.r9 = fault.detail >> 4 & 1;
        message.r15 = fault.detail & 31;
    } else {
        note_trap(thread, fault);
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
    const auto [reply, endpoint] = answer_objects(server);
    if (!reply || !is_plain_answer(server, *reply, *endpoint) || !apply_answer(server, *reply->thread)) [[unlikely]]
        return slow_syscall(server);
    return answer_and_wait(server, *reply, *endpoint);
}

extern "C" Context* syscall_entry(Context* context) {
    enter();
    Tcb& thread = Tcb::of(*context);
    const auto number = static_cast<abi::Syscall>(context->rdx);
    if (number == abi::Syscall::yield && has_time()) { // without time the long way just ends the budget
        yield_current();
        return leave_kernel();
    }
    if (number == abi::Syscall::send && thread.cspace.has(context->rdi)) {
        Slot& slot = thread.cspace.slot(context->rdi);
        const Capability& cap = slot.cap;
        const bool is_signal = cap.is(CapType::notification) && cap.rights().can_write();
        if (!is_signal || message_info(thread).extra_caps() != 0 || !has_time())
            return invoke_entry(thread, slot, {.blocking = Blocking::yes});
        signal(*window<Notification>(cap.object()), cap.badge());
        return leave_kernel();
    }
    return number == abi::Syscall::reply_map_recv ? reply_map_recv_entry(thread) : slow_syscall(thread);
}

} // namespace kernel
