// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/endpoint_ipc.hpp>
#include <ipc/fault.hpp>
#include <ipc/keeper_fault.hpp>
#include <ipc/message.hpp>
#include <ipc/reply_stack.hpp>
#include <lifetime/preemption.hpp>
#include <paging_ring.hpp>
#include <space/address_space.hpp>
#include <syscall/map_item.hpp>
#include <syscall/reply_map_recv.hpp>

namespace kernel {
namespace {

/// Which capability an InvalidCapability is about.
enum Argument : Word { endpoint_argument, reply_argument, forward_argument };

/// The slot that `pointer` names, if it holds a `type`.
Answer<Slot*> named_slot(const Tcb& pager, Word pointer, CapType type, Argument number) {
    const auto found = pager.find_slot(pointer);
    if (!found || !(*found)->cap.is(type))
        return refuse(SyscallError::invalid_capability(number));
    return *found;
}

/// The thread whose keeper fault the answer is for; IllegalOperation, too, if it has another space or table by now.
Answer<Tcb*> waiter_of(const Reply& reply) {
    Tcb* const waiter = reply.thread;
    if (!waiter || waiter->state != ThreadState::awaiting_reply)
        return refuse(SyscallError::nobody_waits());
    if (waiter->fault.type != abi::Fault::keeper_fault || waiter->keeper.orphaned)
        return refuse(SyscallError::illegal_operation());
    return waiter;
}

Checked deny(Tcb& pager, Reply& reply) {
    const Word code = message_word(pager, 0);
    if (message_info(pager).length() != 1 || code > 255)
        return refuse(SyscallError::invalid_argument(0));
    Tcb& waiter = *TRY(waiter_of(reply));
    if (waiter.keeper.keeper == 0)
        return refuse(SyscallError::illegal_operation());
    pop_reply(reply);
    waiter.keeper.keeper = 0;
    waiter.keeper.why = abi::WhySupervisor::denied;
    waiter.keeper.denial = static_cast<uint8_t>(code);
    tell_fault(waiter, supervisor(waiter));
    return ok;
}

Checked forward(Tcb& pager, Reply& reply) {
    if (message_length(pager) != 3)
        return refuse(SyscallError::invalid_argument(0));
    const Capability to = TRY(named_slot(pager, message_word(pager, 0), CapType::endpoint, forward_argument))->cap;
    if (!to.can_call())
        return refuse(SyscallError::invalid_capability(forward_argument));
    const Word cookie = message_word(pager, 1);
    const Word rights = message_word(pager, 2);
    if (cookie > ones(abi::cookie_bits))
        return refuse(SyscallError::invalid_argument(1));
    if (rights > abi::PageRights::all().raw())
        return refuse(SyscallError::invalid_argument(2));
    Tcb& waiter = *TRY(waiter_of(reply));
    pop_reply(reply);
    waiter.keeper.rights &= static_cast<uint8_t>(rights);
    waiter.keeper.cookie = cookie;
    waiter.keeper.forwarded = true;
    tell_fault(waiter, &to);
    return ok;
}

/// Maps the items of the answer, in order; `done`: how many, also on failure.
Checked map_items(Tcb& pager, const Tcb& waiter, unsigned& done) {
    const unsigned length = message_length(pager);
    const Capability& vspace = waiter.cap(TcbSlot::vspace);
    if (!is_live_space(vspace))
        return refuse(SyscallError::illegal_operation());
    const MapTarget target{vspace.asid(), vspace.object(), waiter.keeper.keeper, abi::PageRights(waiter.keeper.rights)};
    constexpr unsigned at_once = 2; // interrupts are let in between
    for (unsigned index = 0; index < length; done++) {
        if (done != 0 && done % at_once == 0)
            (void)must_preempt();
        const abi::Place place(index + 1 < length ? message_word(pager, index + 1) : 0);
        const unsigned next = index + (place.copies() ? 3 : 2);
        if (next > length || done == abi::max_items)
            return refuse(SyscallError::invalid_argument(index));
        Slot& source = *TRY(find_source(pager, message_word(pager, index)));
        Slot* const copy = place.copies() ? TRY(find_source(pager, message_word(pager, index + 2))) : nullptr;
        TRY(map_item(target, source, place, index + 1, copy));
        note_map(pager, place.raw(), source.cap, target.asid);
        index = next;
    }
    return ok;
}

Checked map(Tcb& pager, Reply& reply, unsigned& done) {
    Tcb& waiter = *TRY(waiter_of(reply));
    TRY(map_items(pager, waiter, done));
    recall(reply, abi::PagingCause::answered);
    return ok;
}

Checked answer_by(Tcb& pager, Reply& reply, unsigned& done) {
    const abi::MessageInfo info = message_info(pager);
    if (info.extra_caps() != 0 || info.caps_unwrapped() != 0)
        return refuse(SyscallError::invalid_argument(0));
    switch (static_cast<abi::PagerAnswer>(info.label())) {
    case abi::PagerAnswer::map: return map(pager, reply, done);
    case abi::PagerAnswer::deny: return deny(pager, reply);
    case abi::PagerAnswer::forward: return forward(pager, reply);
    }
    return refuse(SyscallError::invalid_argument(0));
}

Checked answer_and_receive(Tcb& pager, unsigned& done) {
    const Capability from = TRY(named_slot(pager, pager.context.rdi, CapType::endpoint, endpoint_argument))->cap;
    if (!from.rights().can_read())
        return refuse(SyscallError::invalid_capability(endpoint_argument));
    const Capability reply_cap = TRY(named_slot(pager, pager.context.r12, CapType::reply, reply_argument))->cap;
    Reply& reply = *window<Reply>(reply_cap.object());
    TRY(answer_by(pager, reply, done));
    receive(pager, *window<Endpoint>(from.object()), Blocking::yes, &reply);
    return ok;
}

/// The call did not answer: the pager is told why, and how many items were mapped.
void refuse_answer(Tcb& pager, const SyscallError& error, unsigned done) {
    note(abi::PagingEventKind::refuse, pager, 0, static_cast<Word>(error.error()) << 8 | done);
    Word words[SyscallError::most_words];
    const unsigned length = error.write_to(words);
    for (unsigned i = 0; i < length && i < abi::register_message_words; i++)
        message_register(pager.context, i) = words[i];
    pager.context.rsi = abi::MessageInfo(static_cast<Word>(error.error()), abi::failed_length).raw();
    pager.context.rdi = done;
    complete_syscall(pager);
}

} // namespace

void reply_map_recv(Tcb& pager) {
    unsigned done = 0;
    const Checked answered = answer_and_receive(pager, done);
    if (!answered)
        refuse_answer(pager, answered.error(), done);
}

} // namespace kernel
