// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/endpoint_ipc.hpp>
#include <ipc/fault.hpp>
#include <ipc/message.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>

#include <span>

namespace kernel {
namespace {

using Register = Word Context::*;

/// UnknownSyscall: what the message shows and the reply writes back. The system call number comes last.
constexpr Register unknown_syscall_registers[] = {
    &Context::rax, &Context::rbx, &Context::rcx, &Context::rdx, &Context::rsi, &Context::rdi,
    &Context::rbp, &Context::r8,  &Context::r9,  &Context::r10, &Context::r11, &Context::r12,
    &Context::r13, &Context::r14, &Context::r15, &Context::rip, &Context::rsp, &Context::rflags,
};
constexpr Register user_exception_registers[] = {&Context::rip, &Context::rsp, &Context::rflags};
constexpr Register timeout_registers[] = {
    &Context::rip, &Context::rsp, &Context::rflags, &Context::rax, &Context::rbx,     &Context::rcx, &Context::rdx,
    &Context::rsi, &Context::rdi, &Context::rbp,    &Context::r8,  &Context::r9,      &Context::r10, &Context::r11,
    &Context::r12, &Context::r13, &Context::r14,    &Context::r15, &Context::fs_base,
};

void write_back(Tcb& thread, const MessageReader& reply, std::span<const Register> registers) {
    save_loaded(thread);
    for (unsigned i = 0; i < registers.size() && i < reply.length(); i++)
        thread.context.*registers[i] = reply[i];
    thread.context.rip = sanitised_ip(thread.context.rip);
    thread.context.fs_base = sanitised_address(thread.context.fs_base);
    thread.context.rflags = sanitised_rflags(thread.context.rflags);
    thread.context.origin = origin_written;
    forget_loaded(thread);
}

bool is_handler(const Capability& cap) {
    return cap.is(CapType::endpoint) && cap.rights().can_write() &&
           (cap.rights().can_grant() || cap.rights().can_grant_reply());
}

void deliver(Tcb& thread, const Capability& handler, Donation donation) {
    const SendTerms terms{handler.badge(), true, handler.rights().can_grant(), handler.rights().can_grant_reply()};
    send(thread, *window<Endpoint>(handler.object()), terms, Blocking::yes, donation);
}

} // namespace

void raise_fault(Tcb& thread, const FaultRecord& fault) {
    thread.fault = fault;
    const Capability& handler = thread.cap(TcbSlot::fault_handler);
    if (is_handler(handler))
        deliver(thread, handler, Donation::yes);
    else
        stop_running(thread, ThreadState::stopped);
}

bool has_timeout_handler(const Tcb& thread) { return is_handler(thread.cap(TcbSlot::timeout_handler)); }

void deliver_timeout(Tcb& thread) {
    thread.fault = {abi::Fault::timeout};
    thread.fault.subject = thread.sched_context->badge;
    deliver(thread, thread.cap(TcbSlot::timeout_handler), Donation::no);
}

void write_fault_message(Tcb& thread, Word badge, Tcb& receiver) {
    MessageWriter message(receiver);
    const FaultRecord& fault = thread.fault;
    const Context& context = thread.context;
    switch (fault.type) {
    case abi::Fault::none:
    case abi::Fault::keeper_fault: break;
    case abi::Fault::cap_fault: {
        message.put(context.rip);
        message.put(fault.subject);
        message.put(fault.detail);
        Word words[4];
        const unsigned length = fault.lookup.write_to(words);
        for (unsigned i = 0; i < length; i++)
            message.put(words[i]);
        break;
    }
    case abi::Fault::unknown_syscall:
        for (Register which : unknown_syscall_registers)
            message.put(context.*which);
        message.put(fault.subject);
        break;
    case abi::Fault::user_exception:
        for (Register which : user_exception_registers)
            message.put(context.*which);
        message.put(fault.subject);
        message.put(fault.detail);
        break;
    case abi::Fault::timeout:
        message.put(fault.subject);
        message.put(thread.sched_context ? kernel_state.microseconds(take_consumed(*thread.sched_context)) : 0);
        break;
    case abi::Fault::vm_fault:
        message.put(context.rip);
        message.put(fault.subject);
        message.put(fault.detail >> 4 & 1);
        message.put(fault.detail & 31);
        break;
    }
    message.finish(static_cast<Word>(fault.type), badge);
}

bool apply_fault_reply(Tcb& thread, Tcb& replier) {
    const MessageReader reply(replier);
    const bool accepted = message_info(replier).label() == 0;
    switch (thread.fault.type) {
    case abi::Fault::unknown_syscall: write_back(thread, reply, unknown_syscall_registers); return accepted;
    case abi::Fault::user_exception: write_back(thread, reply, user_exception_registers); return accepted;
    case abi::Fault::timeout: write_back(thread, reply, timeout_registers); return accepted;
    case abi::Fault::none:
    case abi::Fault::cap_fault:
    case abi::Fault::vm_fault:
    case abi::Fault::keeper_fault: return true;
    }
    return true;
}

} // namespace kernel
