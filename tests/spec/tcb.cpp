// SPDX-License-Identifier: BSD-2-Clause
// Methods of threads.
#include <spec/copying.hpp>
#include <spec/deletion.hpp>
#include <spec/invocation.hpp>
#include <spec/registers.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>
#include <spec/tcb_space.hpp>
#include <spec/thread.hpp>

#include <algorithm>

namespace spec {
namespace {

bool is_self(const Invocation& invocation) { return invocation.target.cap.object == &invocation.caller; }

Words read_registers(Invocation& invocation, Thread& thread) {
    invocation.need(2);
    const Word count = invocation.word(1);
    if (is_self(invocation))
        throw illegal_operation();
    if (count < 1 || count > register_count)
        throw range_error(1, register_count);
    if (invocation.word(0) & 1)
        suspend(invocation.system, thread);
    Words values;
    for (Word i = 0; i < count; i++)
        values.add(thread.registers[i]);
    return values;
}

void write_registers(Invocation& invocation, Thread& thread) {
    invocation.need(2);
    const Word count = invocation.word(1);
    if (count > invocation.length - 2)
        throw truncated_message();
    if (is_self(invocation))
        throw illegal_operation();
    end_yield(invocation.system, thread);
    for (unsigned i = 0; i < count && i < register_count; i++)
        write_register(thread, static_cast<Register>(i), invocation.word(2 + i));
    if (invocation.word(0) & 1)
        restart(invocation.system, thread);
}

void copy_registers(Invocation& invocation, Thread& thread) {
    invocation.need(1, 1);
    if (!invocation.cap(0).is(Type::tcb))
        throw invalid_capability(1);
    Thread& source = object_of<Thread>(invocation.cap(0));
    const Word flags = invocation.word(0);
    if (flags & 1)
        suspend(invocation.system, source);
    if (flags & 12)
        end_yield(invocation.system, thread);
    const unsigned first = flags & 4 ? 0 : frame_register_count,
                   end = flags & 8 ? register_count : frame_register_count;
    for (unsigned i = first; i < end; i++)
        write_register(thread, static_cast<Register>(i), source.registers[i]);
    if (flags & 2)
        restart(invocation.system, thread);
    // A caller that gave itself another's registers has no place left for an answer.
    invocation.answered = (flags & 4) != 0 && is_self(invocation);
}

/// A priority that the authority may give.
unsigned allowed(const Capability& authority, Word priority) {
    const unsigned most = object_of<Thread>(authority).mcp;
    if (priority > most)
        throw range_error(0, most);
    return static_cast<unsigned>(priority);
}

const Capability& authority(const Invocation& invocation) {
    if (!invocation.cap(0).is(Type::tcb))
        throw invalid_capability(1);
    return invocation.cap(0);
}

/// Checks the scheduling context that a thread shall have: a null capability for none.
void check_context(const Invocation& invocation, const Thread& thread, const Capability& cap) {
    if (cap.is(Type::null)) {
        if (&thread == &invocation.caller)
            throw illegal_operation();
        return;
    }
    if (!cap.is(Type::sched_context))
        throw invalid_capability(2);
    const SchedContext& context = object_of<SchedContext>(cap);
    if ((thread.context && thread.context != &context) || (context.thread && context.thread != &thread) ||
        (thread.blocked() && !has_budget(invocation.system, context)))
        throw illegal_operation();
}

void set_sched_params(Invocation& invocation, Thread& thread) {
    invocation.need(2, 3);
    const Capability& by = authority(invocation);
    const unsigned mcp = allowed(by, invocation.word(0)), priority = allowed(by, invocation.word(1));
    const Capability& cap = invocation.cap(1);
    check_context(invocation, thread, cap);
    const Capability handler = check_handler(*invocation.extra[2], 3);

    System& system = invocation.system;
    install_handler(invocation, thread, fault_handler, handler, *invocation.extra[2]);
    if (invocation.answered)
        return; // what was there held the last capability to the thread
    thread.mcp = mcp;
    set_priority(system, thread, priority);
    if (cap.is(Type::null)) {
        if (thread.context)
            take_context(system, thread);
    } else if (!thread.context) {
        bind_context(system, object_of<SchedContext>(cap), thread);
    }
}

void bind_notification(Invocation& invocation, Thread& thread) {
    invocation.need(0, 1);
    const Capability& cap = invocation.cap(0);
    if (thread.bound || !cap.is(Type::notification) || !cap.rights.read)
        throw illegal_operation();
    Notification& notification = object_of<Notification>(cap);
    if (notification.bound || !notification.waiters.empty())
        throw illegal_operation();
    bind(thread, notification);
}

void set_priorities(Invocation& invocation, Thread& thread) {
    invocation.need(1, 1);
    const unsigned priority = allowed(authority(invocation), invocation.word(0));
    if (invocation.method == Method::tcb_set_mc_priority)
        thread.mcp = priority;
    else
        set_priority(invocation.system, thread, priority);
}

Words set_flags(Invocation& invocation, Thread& thread) {
    invocation.need(2);
    thread.fpu_disabled = (((thread.fpu_disabled & ~invocation.word(0)) | invocation.word(1)) & 1) != 0;
    return {thread.fpu_disabled};
}

/// What it does, for how many microseconds it has not run, the fault that it stopped or waits with, and what that is about.
Words status(const System& system, const Thread& thread) {
    const Fault fault = thread.fault.value_or(Fault{FaultType::none, 0, 0, {}});
    return {static_cast<Word>(thread.state), (system.now - thread.stopped_at) / system.machine.tsc_mhz,
            static_cast<Word>(fault.type), fault.subject, thread.keeping.ip};
}

} // namespace

Words invoke_tcb(Invocation& invocation) {
    System& system = invocation.system;
    Thread& thread = object_of<Thread>(invocation.target.cap);
    switch (invocation.method) {
    case Method::tcb_read_registers: return read_registers(invocation, thread);
    case Method::tcb_write_registers: write_registers(invocation, thread); break;
    case Method::tcb_copy_registers: copy_registers(invocation, thread); break;
    case Method::tcb_configure: configure_space(invocation, thread); break;
    case Method::tcb_set_priority:
    case Method::tcb_set_mc_priority: set_priorities(invocation, thread); break;
    case Method::tcb_set_sched_params: set_sched_params(invocation, thread); break;
    case Method::tcb_set_timeout_endpoint: set_timeout_endpoint(invocation, thread); break;
    case Method::tcb_set_ipc_buffer: set_ipc_buffer(invocation, thread); break;
    case Method::tcb_set_space: set_space(invocation, thread); break;
    case Method::tcb_spawn: spawn(invocation, thread); break;
    case Method::tcb_suspend: suspend(system, thread); break;
    case Method::tcb_resume: restart(system, thread); break;
    case Method::tcb_bind_notification: bind_notification(invocation, thread); break;
    case Method::tcb_unbind_notification:
        if (!thread.bound)
            throw illegal_operation();
        unbind(thread);
        break;
    case Method::tcb_set_tls_base:
        invocation.need(1);
        write_register(thread, fs_base, invocation.word(0));
        break;
    case Method::tcb_set_flags: return set_flags(invocation, thread);
    case Method::tcb_status: return status(system, thread);
    default: throw illegal_operation();
    }
    return {};
}

} // namespace spec
