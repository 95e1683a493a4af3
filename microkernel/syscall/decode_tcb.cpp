// SPDX-License-Identifier: BSD-2-Clause
// Methods of threads. Registers are in decode_tcb_registers.cpp, Spawn in decode_spawn.cpp.
#include <ipc/notification_ipc.hpp>
#include <object/registers.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <syscall/decode_tcb.hpp>

namespace kernel {
namespace {

Outcome configure(const Invocation& call, Tcb& thread) {
    TRY(call.need(3, 3));
    const Installation buffer = TRY(ipc_buffer_installation(call.extra(2), call.word(2)));
    const Installation cspace = TRY(cspace_installation(call.extra(0), call.word(0)));
    const Installation vspace = TRY(vspace_installation(call.extra(1)));
    // A keeper table gives out authority over the address space that it was installed for. What is left of one goes on going.
    const Capability& handler = thread.cap(TcbSlot::fault_handler);
    const bool is_other = vspace.cap.identity() != thread.cap(TcbSlot::vspace).identity();
    if (((handler.is(CapType::cnode) && is_other) || is_zombie(handler.type())) &&
        delete_slot(thread.slot(TcbSlot::fault_handler)) == Progress::preempted)
        return Outcome::preempted();
    // The VSpace goes last, and in a single step: so the space of the keeper table is known until the end.
    return replace(call, thread, {{TcbSlot::cspace, cspace}, {TcbSlot::ipc_buffer, buffer}, {TcbSlot::vspace, vspace}});
}

Outcome set_space(const Invocation& call, Tcb& thread) {
    TRY(call.need(2, 3));
    const Installation cspace = TRY(cspace_installation(call.extra(1), call.word(0)));
    const Installation vspace = TRY(vspace_installation(call.extra(2)));
    const Installation handler = TRY(handler_installation(call.extra(0), 1, true));
    return replace(call, thread,
                   {{TcbSlot::cspace, cspace}, {TcbSlot::vspace, vspace}, {TcbSlot::fault_handler, handler}});
}

Outcome set_ipc_buffer(const Invocation& call, Tcb& thread) {
    TRY(call.need(1, 1));
    return replace(call, thread, {{TcbSlot::ipc_buffer, TRY(ipc_buffer_installation(call.extra(0), call.word(0)))}});
}

Outcome set_timeout_endpoint(const Invocation& call, Tcb& thread) {
    TRY(call.need(0, 1));
    return replace(call, thread, {{TcbSlot::timeout_handler, TRY(handler_installation(call.extra(0), 1))}});
}

Outcome set_one_priority(const Invocation& call, Tcb& thread) {
    TRY(call.need(1, 1));
    const Word mcp = TRY(authority_mcp(call.extra(0)));
    const Word priority = TRY(permitted_priority(call.word(0), mcp));
    if (call.method() == abi::Invocation::tcb_set_priority)
        set_priority(thread, static_cast<uint8_t>(priority));
    else
        thread.mcp = static_cast<uint8_t>(priority);
    return Outcome::done();
}

Outcome set_sched_params(const Invocation& call, Tcb& thread) {
    TRY(call.need(2, 3));
    const Word authority = TRY(authority_mcp(call.extra(0)));
    const Word mcp = TRY(permitted_priority(call.word(0), authority));
    const Word priority = TRY(permitted_priority(call.word(1), authority));
    const Capability& context_cap = call.extra(1).cap;
    SchedContext* context = nullptr;
    if (context_cap.is_null()) {
        if (&thread == &call.caller)
            return refuse(SyscallError::illegal_operation());
    } else {
        context = TRY(bindable_context(context_cap, thread, 2));
    }
    const Installation handler = TRY(handler_installation(call.extra(2), 3));
    if (replace(call, thread, {{TcbSlot::fault_handler, handler}}) == Progress::preempted)
        return Outcome::preempted();
    thread.mcp = static_cast<uint8_t>(mcp);
    set_priority(thread, static_cast<uint8_t>(priority));
    if (context != thread.sched_context) {
        if (thread.sched_context)
            unbind_context(*thread.sched_context);
        if (context)
            bind_context(*context, thread);
    }
    return Outcome::done();
}

Outcome bind_notification(const Invocation& call, Tcb& thread) {
    TRY(call.need(0, 1));
    const Capability& cap = call.extra(0).cap;
    if (thread.bound_notification || !cap.is(CapType::notification) || !cap.rights().can_read())
        return refuse(SyscallError::illegal_operation());
    auto& notification = *window<Notification>(cap.object());
    if (notification.bound || notification.state == Notification::State::waiting)
        return refuse(SyscallError::illegal_operation());
    notification.bound = &thread;
    thread.bound_notification = &notification;
    return Outcome::done();
}

Outcome set_tls_base(const Invocation& call, Tcb& thread) {
    TRY(call.need(1));
    unload(thread);
    write_register(thread, &Context::fs_base, call.word(0));
    return Outcome::done();
}

Outcome set_flags(const Invocation& call, Tcb& thread) {
    TRY(call.need(2));
    const Word flags = ((Word{thread.fpu_disabled} & ~call.word(0)) | call.word(1)) & 1;
    unload(thread);
    thread.fpu_disabled = flags != 0;
    return Outcome::value(flags);
}

static_assert(static_cast<Word>(ThreadState::waiting) == static_cast<Word>(abi::StatusState::waiting));

Outcome status(const Invocation& call, const Tcb& thread) {
    const Word since = kernel_state.microseconds(cpu.now - thread.stopped_at);
    const bool has_fault = thread.fault.type != abi::Fault::none;
    return answer_with(call, {static_cast<Word>(thread.state), since, static_cast<Word>(thread.fault.type),
                              has_fault ? thread.fault.subject : 0, thread.keeper.ip});
}

} // namespace

Answer<Word> authority_mcp(const Slot& authority, Word number) {
    if (!authority.cap.is(CapType::tcb))
        return refuse(SyscallError::invalid_capability(number));
    return Word{window<Tcb>(authority.cap.object())->mcp};
}

Answer<Word> permitted_priority(Word wanted, Word mcp) {
    if (wanted > mcp)
        return refuse(SyscallError::range(0, mcp));
    return wanted;
}

Answer<SchedContext*> bindable_context(const Capability& cap, const Tcb& thread, Word number) {
    if (!cap.is(CapType::sched_context))
        return refuse(SyscallError::invalid_capability(number));
    auto* context = window<SchedContext>(cap.object());
    const bool elsewhere = thread.sched_context != context && (thread.sched_context || context->thread);
    if (elsewhere || (thread.is_blocked() && !has_usable_budget(*context)))
        return refuse(SyscallError::illegal_operation());
    return context;
}

Progress replace(const Invocation& call, Tcb& thread, std::initializer_list<Replacement> replacements) {
    for (const auto& [which, by] : replacements) {
        if (delete_slot(thread.slot(which)) == Progress::preempted)
            return Progress::preempted;
    }
    if (!call.cap().is(CapType::tcb))
        return Progress::preempted;
    for (const auto& [which, by] : replacements)
        install(thread, which, by);
    return Progress::finished;
}

Outcome decode_tcb(const Invocation& call) {
    using abi::Invocation;
    Tcb& thread = *window<Tcb>(call.cap().object());
    switch (call.method()) {
    case Invocation::tcb_read_registers: return read_registers(call, thread);
    case Invocation::tcb_write_registers: return write_registers(call, thread);
    case Invocation::tcb_copy_registers: return copy_registers(call, thread);
    case Invocation::tcb_configure: return configure(call, thread);
    case Invocation::tcb_set_priority:
    case Invocation::tcb_set_mc_priority: return set_one_priority(call, thread);
    case Invocation::tcb_set_sched_params: return set_sched_params(call, thread);
    case Invocation::tcb_set_timeout_endpoint: return set_timeout_endpoint(call, thread);
    case Invocation::tcb_set_ipc_buffer: return set_ipc_buffer(call, thread);
    case Invocation::tcb_set_space: return set_space(call, thread);
    case Invocation::tcb_suspend: suspend(thread); return Outcome::done();
    case Invocation::tcb_resume: restart(thread); return Outcome::done();
    case Invocation::tcb_bind_notification: return bind_notification(call, thread);
    case Invocation::tcb_unbind_notification:
        if (!thread.bound_notification)
            return refuse(SyscallError::illegal_operation());
        unbind_notification(thread);
        return Outcome::done();
    case Invocation::tcb_set_tls_base: return set_tls_base(call, thread);
    case Invocation::tcb_set_flags: return set_flags(call, thread);
    case Invocation::tcb_status: return status(call, thread);
    case Invocation::tcb_spawn: return decode_spawn(call);
    default: return unknown_method();
    }
}

} // namespace kernel
