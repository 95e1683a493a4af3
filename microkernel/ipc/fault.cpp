// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/endpoint_ipc.hpp>
#include <ipc/fault.hpp>
#include <ipc/keeper_fault.hpp>
#include <ipc/message.hpp>
#include <object/registers.hpp>
#include <paging_ring.hpp>
#include <sched/scheduler.hpp>

#include <span>

namespace kernel {
namespace {

/// UnknownSyscall: what the message shows and the reply writes back. The system call number comes last.
constexpr Register unknown_syscall_registers[] = {
    &Context::rax, &Context::rbx, &Context::rcx, &Context::rdx, &Context::rsi, &Context::rdi,
    &Context::rbp, &Context::r8,  &Context::r9,  &Context::r10, &Context::r11, &Context::r12,
    &Context::r13, &Context::r14, &Context::r15, &Context::rip, &Context::rsp, &Context::rflags,
};
constexpr auto user_exception_registers = std::span(user_registers).first<abi::user_exception::reply_length>();
constexpr auto timeout_registers = std::span(user_registers).first<abi::timeout_fault::reply_length>();

/// Only what the reply is long enough to hold: flags that it does not write keep bits that it could not.
void write_back(Tcb& thread, Tcb& replier, std::span<const Register> registers) {
    const unsigned length = message_length(replier);
    begin_register_write(thread);
    for (unsigned i = 0; i < registers.size() && i < length; i++)
        write_register(thread, registers[i], message_word(replier, i));
}

bool is_handler(const Capability& cap) { return cap.is(CapType::endpoint) && cap.can_call(); }

} // namespace

void raise_fault(Tcb& thread, const FaultRecord& fault) {
    thread.fault = fault;
    const Capability& handler = thread.cap(TcbSlot::fault_handler);
    if (handler.is(CapType::cnode))
        tell_fault(thread, fault.type == abi::Fault::vm_fault ? begin_keeper_fault(thread, walk_of(thread))
                                                              : supervisor(thread));
    else
        tell_fault(thread, is_handler(handler) ? &handler : nullptr);
}

void tell_fault(Tcb& thread, const Capability* handler) {
    if (handler)
        return (void)send(thread, *handler, {.is_call = true, .blocking = Blocking::yes, .donates = true});
    note_kill(thread, abi::PagingCause::nobody);
    stop_running(thread, ThreadState::stopped);
}

bool has_timeout_handler(const Tcb& thread) { return is_handler(thread.cap(TcbSlot::timeout_handler)); }

void deliver_timeout(Tcb& thread) {
    thread.fault = {abi::Fault::timeout};
    thread.fault.subject = thread.sched_context->badge;
    send(thread, thread.cap(TcbSlot::timeout_handler), {.is_call = true, .blocking = Blocking::yes});
}

void write_fault_message(Tcb& thread, Word badge, Tcb& receiver) {
    MessageWriter message(receiver);
    const FaultRecord& fault = thread.fault;
    const Context& context = thread.context;
    switch (fault.type) {
    case abi::Fault::none: break;
    case abi::Fault::keeper_fault:
        return note(abi::PagingEventKind::deliver, thread, fault.subject,
                    write_keeper_message(thread, walk_of(thread), badge, receiver));
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
        note(abi::PagingEventKind::deliver, thread, fault.subject, fault.detail);
        message.put(context.rip);
        message.put(fault.subject);
        message.put(fault.detail >> 4 & 1);
        message.put(fault.detail & 31);
        break;
    }
    message.finish(static_cast<Word>(fault.type), badge);
}

bool apply_fault_reply(Tcb& thread, Tcb& replier) {
    switch (thread.fault.type) {
    case abi::Fault::unknown_syscall: write_back(thread, replier, unknown_syscall_registers); break;
    case abi::Fault::user_exception: write_back(thread, replier, user_exception_registers); break;
    case abi::Fault::timeout: write_back(thread, replier, timeout_registers); break;
    default: return true;
    }
    return message_info(replier).label() == 0;
}

} // namespace kernel
