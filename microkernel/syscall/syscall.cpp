// SPDX-License-Identifier: BSD-2-Clause
// The one screen: system call number -> what happens.
#include <ipc/fault.hpp>
#include <ipc/notification_ipc.hpp>
#include <object/registers.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <syscall/debug.hpp>
#include <syscall/invocation.hpp>
#include <syscall/invoke.hpp>
#include <syscall/reply_map_recv.hpp>
#include <syscall/syscall.hpp>

namespace kernel {
namespace {

void fault_receiving(Tcb& thread, Word pointer, const LookupError& why) {
    raise_fault(thread, {abi::Fault::cap_fault, pointer, 1, why});
}

/// The reply object that R12 names; null after a fault.
Reply* offered_reply(Tcb& thread) {
    const Word pointer = thread.context.r12;
    const auto found = thread.find_slot(pointer);
    if (found && (*found)->cap.is(CapType::reply))
        return window<Reply>((*found)->cap.object());
    fault_receiving(thread, pointer, found ? LookupError::missing(0) : found.error());
    return nullptr;
}

/// Recv and Wait and their non-blocking forms; `with_reply`: R12 names a reply object, if it is an endpoint.
void receive_on(Tcb& thread, Word pointer, Blocking blocking, bool with_reply) {
    const auto found = thread.find_slot(pointer);
    if (!found)
        return fault_receiving(thread, pointer, found.error());
    const Capability& cap = (*found)->cap;
    if (cap.is(CapType::endpoint) && cap.rights().can_read()) {
        Reply* const reply = with_reply ? offered_reply(thread) : nullptr;
        if (with_reply && !reply)
            return;
        return receive(thread, *window<Endpoint>(cap.object()), blocking, reply);
    }
    if (cap.is(CapType::notification) && cap.rights().can_read()) {
        auto& notification = *window<Notification>(cap.object());
        if (!notification.bound || notification.bound == &thread)
            return wait(thread, notification, blocking);
    }
    fault_receiving(thread, pointer, LookupError::missing(0));
}

/// Answers through R12 first; in silence if there is nothing to answer through, or an extra capability cannot be found.
void reply_recv(Tcb& thread) {
    const auto found = thread.find_slot(thread.context.r12);
    if (found && (*found)->cap.is(CapType::reply)) {
        const Capability& cap = (*found)->cap;
        Word failed = 0;
        if (Invocation(thread, **found, false).look_up_extras(failed))
            answer(thread, *window<Reply>(cap.object()), cap.rights().can_grant());
    }
    receive_on(thread, thread.context.rdi, Blocking::yes, true);
}

void send_then_receive(Tcb& thread, Word destination, bool with_reply) {
    if (invoke_first_half(thread, destination))
        receive_on(thread, thread.context.rdi, Blocking::yes, with_reply);
}

void dispatch(Tcb& thread) {
    const Context& context = thread.context;
    const auto number = static_cast<abi::Syscall>(context.rdx);
    switch (number) {
    case abi::Syscall::call:
        invoke(thread, context.rdi, {.is_call = true, .blocking = Blocking::yes, .donates = true});
        return;
    case abi::Syscall::reply_recv: reply_recv(thread); return;
    case abi::Syscall::reply_map_recv: reply_map_recv(thread); return;
    case abi::Syscall::nb_send_recv: send_then_receive(thread, context.r13, true); return;
    case abi::Syscall::nb_send_wait: send_then_receive(thread, context.r12, false); return;
    case abi::Syscall::send: invoke(thread, context.rdi, {.blocking = Blocking::yes}); return;
    case abi::Syscall::nb_send: invoke(thread, context.rdi, {}); return;
    case abi::Syscall::recv: receive_on(thread, context.rdi, Blocking::yes, true); return;
    case abi::Syscall::nb_recv: receive_on(thread, context.rdi, Blocking::no, true); return;
    case abi::Syscall::wait: receive_on(thread, context.rdi, Blocking::yes, false); return;
    case abi::Syscall::nb_wait: receive_on(thread, context.rdi, Blocking::no, false); return;
    case abi::Syscall::set_tls_base:
        unload(thread);
        write_register(thread, &Context::fs_base, context.rdi);
        complete_syscall(thread);
        return;
    default: break;
    }
    if (debug_syscall(thread, number))
        return complete_syscall(thread);
    raise_fault(thread, {abi::Fault::unknown_syscall, context.rdx});
}

} // namespace

Context* slow_syscall(Tcb& thread) {
    // While the call is not complete the thread stands before its SYSCALL: whatever ends it, it can be executed again.
    thread.context.rip -= syscall_instruction_size;
    if (may_enter())
        dispatch(thread);
    return leave_kernel();
}

} // namespace kernel
