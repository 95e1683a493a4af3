// SPDX-License-Identifier: BSD-2-Clause
// Operations on the slots of CNodes.
#include <spec/copying.hpp>
#include <spec/cspace.hpp>
#include <spec/deletion.hpp>
#include <spec/endpoint.hpp>
#include <spec/invocation.hpp>

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
    default: throw illegal_operation();
    }
    return {};
}

} // namespace spec
