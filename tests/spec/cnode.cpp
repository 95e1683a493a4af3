// SPDX-License-Identifier: BSD-2-Clause
// Operations on the slots of CNodes.
#include <spec/address_space.hpp>
#include <spec/copying.hpp>
#include <spec/cspace.hpp>
#include <spec/deletion.hpp>
#include <spec/endpoint.hpp>
#include <spec/invocation.hpp>
#include <spec/reply.hpp>

#include <bit>

namespace spec {
namespace {

Slot& destination(const Invocation& invocation) {
    return lookup_slot(invocation.target.cap, invocation.word(0), invocation.word(1), false);
}

/// Where the new capability goes, and what it comes from: a free slot and one in use.
struct Way {
    Slot& to;
    Slot& from;
};

Way way(const Invocation& invocation) {
    Slot& to = destination(invocation);
    if (!to.empty())
        throw delete_first();
    Slot& from = lookup_slot(invocation.cap(0), invocation.word(2), invocation.word(3), true);
    if (from.empty())
        throw failed_lookup(true, missing_capability(invocation.word(3)));
    return {to, from};
}

void copy(const Invocation& invocation) {
    const bool mint = invocation.method == Method::cnode_mint;
    invocation.need(mint ? 6 : 5, 1);
    const auto [to, from] = way(invocation);
    Capability cap = with_rights(from.cap, Rights::of(invocation.word(4)));
    if (mint)
        cap = with_datum(cap, invocation.word(5), true);
    derive(to, derived(from, cap), from);
}

void move_or_mutate(const Invocation& invocation) {
    const bool mutate = invocation.method == Method::cnode_mutate;
    invocation.need(mutate ? 5 : 4, 1);
    const auto [to, from] = way(invocation);
    const Capability cap = mutate ? with_datum(from.cap, invocation.word(4), false) : from.cap;
    move(to, from);
    to.cap = cap;
}

void rotate(const Invocation& invocation) {
    invocation.need(8, 2);
    Slot& destination_slot = destination(invocation);
    Slot& source = lookup_slot(invocation.cap(1), invocation.word(6), invocation.word(7), true);
    Slot& pivot = lookup_slot(invocation.cap(0), invocation.word(3), invocation.word(4), true);
    if (&pivot == &source || &pivot == &destination_slot)
        throw illegal_operation();
    if (&source != &destination_slot && !destination_slot.empty())
        throw delete_first();
    if (source.empty())
        throw failed_lookup(true, missing_capability(invocation.word(7)));
    if (pivot.empty())
        throw failed_lookup(false, missing_capability(invocation.word(4)));
    const Capability into_destination = with_datum(pivot.cap, invocation.word(2), false);
    const Capability into_pivot = with_datum(source.cap, invocation.word(5), false);

    if (&source == &destination_slot) {
        swap(source, pivot);
    } else {
        move(destination_slot, pivot);
        move(pivot, source);
    }
    destination_slot.cap = into_destination;
    pivot.cap = into_pivot;
}

/// Type and size of what `cap` names, as CNode.Inspect counts them.
struct Shown {
    Word type, size_bits;
};
Shown shown(const Capability& cap) {
    switch (cap.type) {
    case Type::null: return {0, 0};
    case Type::untyped: return {1, cap.bits};
    case Type::endpoint: return {2, 4};
    case Type::notification: return {3, 6};
    case Type::reply: return {4, 5};
    case Type::cnode: return {5, object_of<CNode>(cap).radix + 5};
    case Type::tcb: return {6, 11};
    case Type::sched_context:
        return {7,
                static_cast<Word>(std::countr_zero(128 + Word{16} * (object_of<SchedContext>(cap).max_refills - 2)))};
    case Type::frame: return {8, object_of<Frame>(cap).bits};
    case Type::page_table: return {9, 12};
    case Type::page_directory: return {10, 12};
    case Type::pdpt: return {11, 12};
    case Type::pml4: return {12, 12};
    case Type::asid_pool: return {13, 12};
    case Type::irq_control: return {16, 0};
    case Type::irq_handler: return {17, 0};
    case Type::io_port_control: return {18, 0};
    case Type::io_ports: return {19, 0};
    case Type::sched_control: return {20, 0};
    case Type::asid_control: return {21, 0};
    case Type::domain_set: return {22, 0};
    }
    return {};
}

/// Three words: what it is; where the object is; where it is mapped, or how much of an untyped is given out.
Words shown(const System& system, const Slot& slot) {
    const Capability& cap = slot.cap;
    const auto [type, size_bits] = shown(cap);
    const bool has_rights =
        cap.is(Type::frame) || cap.is(Type::endpoint) || cap.is(Type::notification) || cap.is(Type::reply);
    const bool can_be_mapped = cap.is(Type::frame) || is_table(cap.type);
    const bool is_mapped =
        cap.is(Type::frame) ? location_of(system, cap).has_value() : is_table(cap.type) && is_hooked_in(system, cap);
    const Word asid = can_be_mapped && cap.mapping ? cap.mapping->asid : 0;
    const Word address = can_be_mapped && cap.mapping && !cap.is(Type::pml4) ? cap.mapping->address : 0;
    const bool is_memory = cap.is(Type::untyped);
    const bool has_place = size_bits != 0 && !is_memory;
    return {type | size_bits << 8 | (has_rights ? cap.rights.word() : 0) << 16 | Word{is_mapped} << 24 | asid << 25,
            is_memory   ? cap.base
            : has_place ? cap.object->address
                        : 0,
            is_memory ? (has_children(slot) ? cap.given_out : 0) : address};
}

Words inspect(const Invocation& invocation) {
    invocation.need(3);
    constexpr Word most = 39;
    const Word index = invocation.word(0), depth = invocation.word(1), count = invocation.word(2);
    if (count < 1 || count > most)
        throw range_error(1, most);
    (void)lookup_slot(invocation.target.cap, index, depth, false);
    Words words;
    try {
        for (Word i = 0; i < count; i++)
            words.add(shown(invocation.system, lookup_slot(invocation.target.cap, index + i, depth, false)));
    } catch (const Refusal&) {
        // It stops where an index leads nowhere.
    }
    return words;
}

} // namespace

Words invoke_cnode(Invocation& invocation) {
    System& system = invocation.system;
    switch (invocation.method) {
    case Method::cnode_revoke:
        invocation.need(2);
        revoke(system, destination(invocation));
        break;
    case Method::cnode_delete:
        invocation.need(2);
        delete_capability(system, destination(invocation));
        break;
    case Method::cnode_cancel_badged_sends: {
        invocation.need(2);
        const Capability& cap = destination(invocation).cap;
        if (!cap.is(Type::endpoint) || cap.rights != Rights::all())
            throw illegal_operation();
        cancel_badged_sends(system, object_of<Endpoint>(cap), cap.badge);
        break;
    }
    case Method::cnode_copy:
    case Method::cnode_mint: copy(invocation); break;
    case Method::cnode_move:
    case Method::cnode_mutate: move_or_mutate(invocation); break;
    case Method::cnode_rotate: rotate(invocation); break;
    case Method::cnode_inspect: return inspect(invocation);
    case Method::cnode_recall: {
        invocation.need(2);
        const Capability& cap = destination(invocation).cap;
        if (!cap.is(Type::reply))
            throw illegal_operation();
        Reply& reply = object_of<Reply>(cap);
        if (reply.thread && reply.thread->state == ThreadState::awaiting_reply)
            recall(system, reply);
        break;
    }
    default: throw illegal_operation();
    }
    return {};
}

} // namespace spec
