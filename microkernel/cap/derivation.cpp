// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <mem/direct_map.hpp>

namespace kernel {
namespace {

unsigned zombie_bits(unsigned radix) {
    return radix == Capability::tcb_radix ? abi::object_bits(abi::ObjectType::tcb, 0)
                                          : abi::object_bits(abi::ObjectType::cnode, radix);
}

bool has_badge(const Slot& slot) {
    return (slot.cap.is(CapType::endpoint) || slot.cap.is(CapType::notification)) && slot.cap.badge() != 0;
}

/// The memory of `child` begins, and therefore lies, within that of `parent`, which stands before it in the list.
bool contains_object(const Slot& parent, const Slot& child) {
    return has_memory(child.cap.type()) && object_address(child) - parent.cap.object() < bit(parent.cap.size_bits());
}

void link(Slot& slot, Slot* previous, Slot* next, bool original, bool first_badged) {
    slot.set_links(previous, next, original, first_badged);
    if (previous)
        previous->set_next(&slot);
    if (next)
        next->set_previous(&slot);
}

/// Whether a capability derived from `source` starts a family of its own.
bool starts_family(const Capability& derived, const Capability& source) {
    switch (derived.type()) {
    case CapType::endpoint:
    case CapType::notification: return derived.badge() != source.badge();
    case CapType::untyped: return true;
    case CapType::irq_handler: return source.is(CapType::irq_control);
    case CapType::io_port: return source.is(CapType::io_port_control);
    default: return false;
    }
}

} // namespace

unsigned object_size_bits(const Slot& slot) {
    using abi::ObjectType;
    switch (slot.cap.type()) {
    case CapType::untyped:
    case CapType::sched_context: return slot.cap.size_bits();
    case CapType::endpoint: return abi::object_bits(ObjectType::endpoint, 0);
    case CapType::notification: return abi::object_bits(ObjectType::notification, 0);
    case CapType::reply: return abi::object_bits(ObjectType::reply, 0);
    case CapType::cnode: return abi::object_bits(ObjectType::cnode, slot.cap.radix());
    case CapType::tcb: return abi::object_bits(ObjectType::tcb, 0);
    case CapType::frame: return frame_bits(slot.cap.frame_size());
    case CapType::zombie:
    case CapType::outer_zombie: return zombie_bits(slot.cap.radix());
    default: return abi::page_bits;
    }
}

PhysAddr object_address(const Slot& slot) {
    if (!slot.cap.is(CapType::outer_zombie))
        return slot.cap.object();
    return PhysAddr(align_down(physical(&slot).raw(), bit(zombie_bits(slot.cap.radix()))));
}

bool same_object(const Slot& a, const Slot& b) {
    if (a.cap.type() != b.cap.type())
        return false;
    switch (a.cap.type()) {
    case CapType::null:
    case CapType::untyped:
    case CapType::zombie:
    case CapType::outer_zombie: return false;
    case CapType::frame: return a.cap.object() == b.cap.object() && a.cap.frame_size() == b.cap.frame_size();
    case CapType::irq_handler:
    case CapType::io_port: return a.cap.raw1() == b.cap.raw1();
    default: return a.cap.identity() == b.cap.identity();
    }
}

bool is_parent(const Slot& parent, const Slot& child) {
    if (!parent.is_original())
        return false;
    switch (parent.cap.type()) {
    case CapType::untyped: return contains_object(parent, child);
    case CapType::irq_control: return child.cap.is(CapType::irq_control) || child.cap.is(CapType::irq_handler);
    case CapType::io_port_control: return child.cap.is(CapType::io_port_control) || child.cap.is(CapType::io_port);
    case CapType::endpoint:
    case CapType::notification:
        if (parent.cap.badge() != 0 && (parent.cap.badge() != child.cap.badge() || child.is_first_badged()))
            return false;
        [[fallthrough]];
    default: return same_object(parent, child);
    }
}

bool has_children(const Slot& slot) {
    const Slot* next = slot.next();
    return next && is_parent(slot, *next);
}

bool is_final(const Slot& slot) {
    const Slot* previous = slot.previous();
    const Slot* next = slot.next();
    return !(previous && same_object(*previous, slot)) && !(next && same_object(slot, *next));
}

void insert_derived(Slot& slot, const Capability& cap, Slot& source) {
    const bool family = starts_family(cap, source.cap);
    if (cap.is(CapType::untyped))
        source.cap.set_watermark(bit(cap.size_bits()));
    slot.cap = cap;
    link(slot, &source, source.next(), family, family);
}

void insert_original(Slot& slot, const Capability& cap, Slot* parent) {
    slot.cap = cap;
    link(slot, parent, parent ? parent->next() : nullptr, true, true);
}

void move_capability(Slot& slot, const Capability& cap, Slot& source) {
    slot.cap = cap;
    link(slot, source.previous(), source.next(), source.is_original(), source.is_first_badged());
    source.clear();
}

void swap_capabilities(Slot& first, Capability first_cap, Slot& second, Capability second_cap) {
    // A slot of no list stands in for `second`, so that neighbours need no case of their own.
    Slot aside;
    move_capability(aside, first_cap, first);
    move_capability(first, second_cap, second);
    move_capability(second, first_cap, aside);
}

void remove_capability(Slot& slot) {
    if (Slot* previous = slot.previous())
        previous->set_next(slot.next());
    if (Slot* next = slot.next()) {
        next->set_previous(slot.previous());
        // What is left of a family must not count to one that is given the same badge later and stands in front of it.
        if (slot.is_first_badged() && has_badge(slot) && same_object(slot, *next) &&
            slot.cap.badge() == next->cap.badge())
            next->set_first_badged();
    }
    slot.clear();
}

} // namespace kernel
