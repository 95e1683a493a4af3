// SPDX-License-Identifier: BSD-2-Clause
#include <cap/copying.hpp>
#include <cap/derivation.hpp>
#include <ipc/endpoint_ipc.hpp>
#include <lifetime/preemption.hpp>
#include <space/address_space.hpp>
#include <space/mapping.hpp>
#include <syscall/invocation.hpp>

namespace kernel {
namespace {

/// Threads queued to send with this badge send again from the start.
Outcome cancel_badged_sends(const Capability& cap) {
    constexpr unsigned passed_a_step = 16;
    auto& endpoint = *window<Endpoint>(cap.object());
    if (cap.badge() == 0 || endpoint.state() != Endpoint::State::senders)
        return Outcome::done();
    unsigned passed = 0;
    for (Tcb* thread = endpoint.scan_from(cap.badge()); thread;) {
        Tcb* const next = thread->queue.next;
        const bool matches = thread->send.badge == cap.badge();
        if (matches)
            send_again(*thread);
        if ((matches || ++passed % passed_a_step == 0) && preemption_point()) {
            endpoint.keep_scan(next, cap.badge());
            return next ? Outcome::preempted() : Outcome::done();
        }
        thread = next;
    }
    endpoint.keep_scan(nullptr, 0);
    return Outcome::done();
}

static_assert(static_cast<Word>(CapType::asid_pool) == static_cast<Word>(abi::SlotType::asid_pool));

/// What CNode.Inspect shows of a slot: three words.
void show(const Slot& slot, MessageWriter& answer) {
    const Capability& cap = slot.cap;
    const CapType type = cap.type();
    const bool is_frame = type == CapType::frame, is_table = is_paging_structure(type),
               is_space = type == CapType::pml4;
    const bool has_rights =
        is_frame || type == CapType::endpoint || type == CapType::notification || type == CapType::reply;
    const bool is_mapped = is_space ? is_live_space(cap) : (is_frame || is_table) && mapped_entry(cap) != nullptr;
    answer.put(abi::InspectedSlot(static_cast<abi::SlotType>(type), has_memory(type) ? object_size_bits(slot) : 0,
                                  has_rights ? cap.rights().raw() : 0, is_mapped,
                                  is_frame || is_table ? cap.asid().value : 0u)
                   .raw());
    answer.put(cap.object().raw());
    const bool has_address = is_frame || (is_table && !is_space);
    const Word given_out = type == CapType::untyped && has_children(slot) ? cap.watermark() : 0;
    answer.put(has_address ? cap.mapped_at().raw() : given_out);
}

Outcome inspect(const Invocation& call) {
    TRY(call.need(3));
    const Word index = call.word(0), depth = call.word(1), count = call.word(2);
    TRY(in_range(count, 1, abi::max_inspect));
    TRY(lookup_slot(call.cap(), index, depth, false));
    MessageWriter answer(call.caller); // the call's words are read no more
    for (Word i = 0; i < count && call.is_call; i++) {
        const auto slot = lookup_slot(call.cap(), index + i, depth, false);
        if (!slot)
            break;
        show(**slot, answer);
        interrupt_point(3);
    }
    return finish_answer(call, answer);
}

/// The waiter on the reply object in `slot` executes its call or faulting instruction again.
Outcome recall_waiter(const Slot& slot) {
    if (!slot.cap.is(CapType::reply))
        return refuse(SyscallError::illegal_operation());
    Reply& reply = *window<Reply>(slot.cap.object());
    if (reply.thread && reply.thread->state == ThreadState::awaiting_reply)
        recall(reply);
    return Outcome::done();
}

Answer<Slot*> lookup_source(const Capability& root, Word index, Word depth) {
    Slot* const slot = TRY(lookup_slot(root, index, depth, true));
    if (slot->is_empty())
        return refuse(SyscallError::failed_lookup(true, LookupError::missing(depth)));
    return slot;
}

Outcome copy(const Invocation& call, bool mints) {
    TRY(call.need(mints ? 6 : 5, 1));
    Slot& destination = *TRY(lookup_empty_slot(call.cap(), call.word(0), call.word(1)));
    Slot& source = *TRY(lookup_source(call.extra(0).cap, call.word(2), call.word(3)));
    Capability cap = TRY(derive(source));
    mask_rights(cap, abi::Rights(call.word(4)));
    if (mints)
        TRY(set_data(cap, call.word(5), true));
    insert_derived(destination, cap, source);
    return Outcome::done();
}

Outcome move(const Invocation& call, bool mutates) {
    TRY(call.need(mutates ? 5 : 4, 1));
    Slot& destination = *TRY(lookup_empty_slot(call.cap(), call.word(0), call.word(1)));
    Slot& source = *TRY(lookup_source(call.extra(0).cap, call.word(2), call.word(3)));
    Capability cap = source.cap;
    if (is_zombie(cap.type()))
        return refuse(SyscallError::illegal_operation());
    if (mutates)
        TRY(set_data(cap, call.word(4), false));
    move_capability(destination, cap, source);
    return Outcome::done();
}

Outcome rotate(const Invocation& call) {
    TRY(call.need(8, 2));
    Slot& destination = *TRY(lookup_slot(call.cap(), call.word(0), call.word(1), false));
    Slot& source = *TRY(lookup_slot(call.extra(1).cap, call.word(6), call.word(7), true));
    Slot& pivot = *TRY(lookup_slot(call.extra(0).cap, call.word(3), call.word(4), true));
    if (&pivot == &source || &pivot == &destination)
        return refuse(SyscallError::illegal_operation());
    if (&destination != &source && !destination.is_empty())
        return refuse(SyscallError::delete_first());
    if (source.is_empty())
        return refuse(SyscallError::failed_lookup(true, LookupError::missing(call.word(7))));
    if (pivot.is_empty())
        return refuse(SyscallError::failed_lookup(false, LookupError::missing(call.word(4))));
    Capability from_source = source.cap;
    Capability from_pivot = pivot.cap;
    if (is_zombie(from_source.type()) || is_zombie(from_pivot.type()))
        return refuse(SyscallError::illegal_operation());
    TRY(set_data(from_source, call.word(5), false));
    TRY(set_data(from_pivot, call.word(2), false));
    if (&destination == &source) {
        swap_capabilities(source, from_source, pivot, from_pivot);
    } else {
        move_capability(destination, from_pivot, pivot);
        move_capability(pivot, from_source, source);
    }
    return Outcome::done();
}

} // namespace

Outcome decode_cnode(const Invocation& call) {
    using abi::Invocation;
    switch (call.method()) {
    case Invocation::cnode_inspect: return inspect(call);
    case Invocation::cnode_recall:
    case Invocation::cnode_revoke:
    case Invocation::cnode_delete:
    case Invocation::cnode_cancel_badged_sends: {
        TRY(call.need(2));
        Slot& slot = *TRY(lookup_slot(call.cap(), call.word(0), call.word(1), false));
        if (call.method() == Invocation::cnode_revoke)
            return revoke(slot);
        if (call.method() == Invocation::cnode_delete)
            return delete_slot(slot);
        if (call.method() == Invocation::cnode_recall)
            return recall_waiter(slot);
        if (!slot.cap.is(CapType::endpoint) || slot.cap.rights() != abi::Rights::all())
            return refuse(SyscallError::illegal_operation());
        return cancel_badged_sends(slot.cap);
    }
    case Invocation::cnode_copy:
    case Invocation::cnode_mint: return copy(call, call.method() == Invocation::cnode_mint);
    case Invocation::cnode_move:
    case Invocation::cnode_mutate: return move(call, call.method() == Invocation::cnode_mutate);
    case Invocation::cnode_rotate: return rotate(call);
    default: return unknown_method();
    }
}

} // namespace kernel
