// SPDX-License-Identifier: BSD-2-Clause
// Who was derived from whom. "The capability from Retype is an ancestor of all copies; a plain copy is nobody's ancestor.
// A freshly badged capability is ancestor of what is copied from it with that badge. Handlers and port ranges descend from
// their control, objects and copies from their untyped."
#include <spec/objects.hpp>

#include <algorithm>

namespace spec {
namespace {

/// Whether `cap`, derived from `source`, will be the parent of what is derived from it.
bool starts_family(const Capability& cap, const Capability& source) {
    switch (cap.type) {
    case Type::untyped: return true;
    case Type::endpoint:
    case Type::notification: return cap.badge != source.badge;
    case Type::irq_handler: return source.is(Type::irq_control);
    case Type::io_ports: return source.is(Type::io_port_control);
    default: return false;
    }
}

void count(const Capability& cap) {
    if (cap.object)
        cap.object->capabilities++;
}

std::vector<Slot*>::iterator position(Slot& slot) { return std::ranges::find(slot.parent->children, &slot); }

void place_below(Slot& slot, Slot* parent) {
    slot.parent = parent;
    if (parent)
        parent->children.insert(parent->children.begin(), &slot);
}

/// `slot` takes the place of `source` in the tree.
void succeed(Slot& slot, Slot& source) {
    slot.original = source.original;
    slot.parent = source.parent;
    slot.children = std::move(source.children);
    if (slot.parent)
        *position(source) = &slot;
    for (Slot* child : slot.children)
        child->parent = &slot;
}

void clear(Slot& slot) { slot = Slot{.place = slot.place, .cap = {}, .parent = nullptr, .children = {}}; }

} // namespace

void derive(Slot& slot, const Capability& cap, Slot& source) {
    slot.cap = cap;
    count(cap);
    // "The copy is its child and the source counts as full until the copy is gone."
    if (cap.is(Type::untyped))
        source.cap.given_out = power(cap.bits);
    slot.original = starts_family(cap, source.cap);
    if (source.original)
        return place_below(slot, &source);
    slot.parent = source.parent;
    if (slot.parent)
        slot.parent->children.insert(position(source) + 1, &slot);
}

void insert_original(Slot& slot, const Capability& cap, Slot* parent) {
    slot.cap = cap;
    count(cap);
    slot.original = true;
    place_below(slot, parent);
}

void move(Slot& slot, Slot& source) {
    slot.cap = source.cap;
    succeed(slot, source);
    clear(source);
}

void swap(Slot& one, Slot& other) {
    Slot aside;
    move(aside, one);
    move(one, other);
    move(other, aside);
}

void remove(Slot& slot) {
    if (slot.cap.object)
        slot.cap.object->capabilities--;
    for (Slot* child : slot.children)
        child->parent = slot.parent;
    if (slot.parent) {
        const auto at = slot.parent->children.erase(position(slot));
        slot.parent->children.insert(at, slot.children.begin(), slot.children.end());
    }
    clear(slot);
}

} // namespace spec
