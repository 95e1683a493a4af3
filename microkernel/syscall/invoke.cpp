// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/fault.hpp>
#include <ipc/notification_ipc.hpp>
#include <sched/scheduler.hpp>
#include <syscall/invocation.hpp>
#include <syscall/invoke.hpp>

namespace kernel {
namespace {

Decoded decode(const Invocation& call) {
    switch (call.cap().type()) {
    case CapType::untyped: return decode_untyped(call);
    case CapType::cnode: return decode_cnode(call);
    case CapType::tcb: return decode_tcb(call);
    case CapType::sched_context: return decode_sched_context(call);
    case CapType::frame: return decode_frame(call);
    case CapType::page_table:
    case CapType::page_directory:
    case CapType::pdpt:
    case CapType::pml4: return decode_table(call);
    case CapType::asid_pool: return decode_asid_pool(call);
    case CapType::asid_control: return decode_asid_control(call);
    case CapType::irq_control: return decode_irq_control(call);
    case CapType::irq_handler: return decode_irq_handler(call);
    case CapType::io_port_control: return decode_io_port_control(call);
    case CapType::io_port: return decode_io_port(call);
    case CapType::sched_control: return decode_sched_control(call);
    case CapType::domain_set: return decode_domain_set(call);
    case CapType::null:
    case CapType::zombie:
    case CapType::outer_zombie:
    case CapType::endpoint:
    case CapType::notification:
    case CapType::reply: break;
    }
    return refuse(SyscallError::invalid_capability(0));
}

void report(Tcb& thread, const SyscallError& error) {
    MessageWriter reply(thread);
    Word words[SyscallError::most_words];
    const unsigned length = error.write_to(words);
    for (unsigned i = 0; i < length; i++)
        reply.put(words[i]);
    reply.finish(error.code, 0);
}

/// An invocation may have stopped or destroyed its own caller.
bool still_running(const Tcb& thread) { return cpu.current == &thread && thread.state == ThreadState::runnable; }

bool refused_in_first_half(CapType type) {
    return type == CapType::tcb || type == CapType::cnode || type == CapType::domain_set ||
           type == CapType::sched_context || type == CapType::sched_control;
}

bool finish(Tcb& thread, const Decoded& decoded, const SendMode& mode) {
    if (decoded && decoded->kind == Outcome::Kind::preempted) {
        // If it was the budget that ended, that is noted now: scheduling takes for granted that a ready thread has some.
        may_enter();
        return false;
    }
    if (mode.first_half || !still_running(thread))
        return true;
    if (decoded && decoded->kind == Outcome::Kind::settled)
        return true;
    if (mode.is_call) {
        if (!decoded) {
            report(thread, decoded.error());
        } else {
            MessageWriter reply(thread);
            if (decoded->length != 0)
                reply.put(decoded->word);
            reply.finish(0, 0);
        }
    }
    complete_syscall(thread);
    return true;
}

/// The message has gone to an object that answers nothing itself.
bool finish_sent(Tcb& thread, const SendMode& mode) { return finish(thread, Outcome::done(), mode); }

bool invoke_endpoint(Tcb& thread, const Capability& cap, const SendMode& mode) {
    if (!cap.rights().can_write())
        return finish(thread, refuse(SyscallError::invalid_capability(0)), mode);
    const SendTerms terms{cap.badge(), mode.is_call, cap.rights().can_grant(), cap.rights().can_grant_reply()};
    const Sent sent = send(thread, *window<Endpoint>(cap.object()), terms, mode.blocking, mode.donation);
    if (sent == Sent::yes && !mode.first_half)
        complete_syscall(thread);
    return true;
}

void cap_fault(Tcb& thread, Word pointer, const LookupError& why) {
    raise_fault(thread, {abi::Fault::cap_fault, pointer, 0, why});
}

} // namespace

bool invoke(Tcb& thread, Word pointer, const SendMode& mode) {
    const bool silent = mode.blocking == Blocking::no;
    const auto found = thread.find_slot(pointer);
    if (!found) {
        if (!silent)
            cap_fault(thread, pointer, found.error());
        else if (!mode.first_half)
            complete_syscall(thread);
        return true;
    }
    Slot& slot = **found;
    Invocation call(thread, slot, mode.is_call);
    Word failed = 0;
    if (const auto extras = call.look_up_extras(failed); !extras) {
        if (!silent)
            cap_fault(thread, failed, extras.error());
        else if (!mode.first_half)
            complete_syscall(thread);
        return true;
    }
    const Capability cap = slot.cap;
    switch (cap.type()) {
    case CapType::endpoint: return invoke_endpoint(thread, cap, mode);
    case CapType::notification:
        if (!cap.rights().can_write())
            return finish(thread, refuse(SyscallError::invalid_capability(0)), mode);
        signal(*window<Notification>(cap.object()), cap.badge());
        return finish_sent(thread, mode);
    case CapType::reply:
        answer(thread, *window<Reply>(cap.object()), cap.rights().can_grant());
        return finish_sent(thread, mode);
    default:
        if (mode.first_half && refused_in_first_half(cap.type()))
            return true;
        return finish(thread, decode(call), mode);
    }
}

} // namespace kernel
