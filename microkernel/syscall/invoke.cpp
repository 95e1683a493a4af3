// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/fault.hpp>
#include <ipc/notification_ipc.hpp>
#include <sched/scheduler.hpp>
#include <syscall/invocation.hpp>
#include <syscall/invoke.hpp>

namespace kernel {
namespace {

Outcome decode(const Invocation& call) {
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
    default: return refuse(SyscallError::invalid_capability(0));
    }
}

// Not inlined: success is what must be short.
[[gnu::noinline]] void report_error(Tcb& thread, const SyscallError& error) {
    MessageWriter reply(thread);
    Word words[SyscallError::most_words];
    const unsigned length = error.write_to(words);
    for (unsigned i = 0; i < length; i++)
        reply.put(words[i]);
    reply.finish(static_cast<Word>(error.error()), 0);
}

inline void complete(Tcb& thread, SendMode mode, const Outcome& outcome) {
    complete_syscall(thread);
    if (!mode.is_call)
        return;
    if (!outcome.is_none())
        return report_error(thread, outcome);
    if (outcome.has_word())
        thread.context.r10 = outcome.carried;
    thread.context.rsi = abi::MessageInfo(0, outcome.has_word()).raw();
    thread.context.rdi = 0;
}

bool refused_in_first_half(CapType type) {
    return type == CapType::tcb || type == CapType::cnode || type == CapType::domain_set ||
           type == CapType::sched_context || type == CapType::sched_control;
}

/// If it was the budget that ended, that is noted now: scheduling takes for granted that a ready thread has some.
void note_preemption() { (void)may_enter(); }

/// A pointer that leads nowhere: a fault of a call that may block, else nothing is sent, in silence.
void fail_lookup(Tcb& thread, Word pointer, const LookupError& why, SendMode mode) {
    if (mode.blocking == Blocking::yes)
        raise_fault(thread, {abi::Fault::cap_fault, pointer, 0, why});
    else
        complete(thread, {}, Outcome::done());
}

/// What is no kernel object, but takes messages.
bool is_messenger(CapType type) {
    return type == CapType::endpoint || type == CapType::notification || type == CapType::reply;
}

bool may_send(const Capability& cap) { return cap.rights().can_write() || cap.is(CapType::reply); }

/// A message to what takes them and may be sent to.
[[gnu::always_inline]] inline Sent send_message(Tcb& thread, const Capability& cap, SendMode mode) {
    if (cap.is(CapType::endpoint))
        return send(thread, cap, mode);
    if (cap.is(CapType::notification))
        signal(*window<Notification>(cap.object()), cap.badge());
    else
        answer(thread, *window<Reply>(cap.object()), cap.rights().can_grant());
    // Answering may have taken the context away, but not the thread's being runnable.
    return Sent::yes;
}

} // namespace

Outcome finish_answer(const Invocation& call, MessageWriter& answer) {
    if (!call.is_call)
        return Outcome::done();
    answer.finish(0, 0);
    complete_syscall(call.caller);
    return Outcome::settled();
}

Outcome answer_with(const Invocation& call, std::initializer_list<Word> first, std::span<const Word> others) {
    if (!call.is_call)
        return Outcome::done();
    MessageWriter answer(call.caller);
    for (Word word : first)
        answer.put(word);
    for (Word word : others)
        answer.put(word);
    return finish_answer(call, answer);
}

void invoke_slot(Tcb& thread, Slot& slot, SendMode mode) {
    Invocation call(thread, slot, mode.is_call);
    Word failed = 0;
    if (const auto extras = call.look_up_extras(failed); !extras) [[unlikely]]
        return fail_lookup(thread, failed, extras.error(), mode);
    if (is_messenger(slot.cap.type())) {
        if (!may_send(slot.cap))
            return complete(thread, mode, refuse(SyscallError::invalid_capability(0)));
        if (send_message(thread, Capability(slot.cap), mode) == Sent::yes)
            complete(thread, mode, Outcome::done());
        return;
    }
    const Outcome outcome = decode(call);
    if (outcome.is_preempted()) [[unlikely]]
        return note_preemption();
    // An invocation may have stopped or destroyed its own caller.
    if (cpu.current == &thread && thread.state == ThreadState::runnable && !outcome.is_settled()) [[likely]]
        complete(thread, mode, outcome);
}

void invoke(Tcb& thread, Word pointer, SendMode mode) {
    const auto found = thread.find_slot(pointer);
    if (!found) [[unlikely]]
        return fail_lookup(thread, pointer, found.error(), mode);
    invoke_slot(thread, **found, mode);
}

bool invoke_first_half(Tcb& thread, Word pointer) {
    const auto found = thread.find_slot(pointer);
    if (!found)
        return true;
    Invocation call(thread, **found, false);
    Word failed = 0;
    if (!call.look_up_extras(failed))
        return true;
    const Capability cap = call.cap();
    if (is_messenger(cap.type()) && may_send(cap))
        (void)send_message(thread, cap, {.donates = true});
    if (is_messenger(cap.type()) || refused_in_first_half(cap.type()))
        return true;
    const bool again = decode(call).is_preempted();
    if (again)
        note_preemption();
    return !again;
}

} // namespace kernel
