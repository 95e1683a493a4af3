// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <cap/lookup.hpp>
#include <check/invariants.hpp>
#include <mem/direct_map.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <object/sched_context.hpp>
#include <system.hpp>

#include <array>

namespace kernel {
namespace {

/// The untyped capabilities around the one that the walk has reached, outermost first.
class Ancestors {
public:
    void enter(const Slot& slot) {
        while (depth_ > 0 && !is_parent(*path_[depth_ - 1], slot))
            --depth_;
        // An untyped of 2^47 bytes can be halved 43 times.
        if (slot.cap.is(CapType::untyped) && depth_ < path_.size())
            path_[depth_++] = &slot;
    }
    /// The innermost untyped that the capability was derived from.
    const Slot* parent(const Slot& slot) const {
        const unsigned own = slot.cap.is(CapType::untyped) ? 1 : 0;
        return depth_ > own ? path_[depth_ - 1 - own] : nullptr;
    }

private:
    std::array<const Slot*, 48> path_{};
    unsigned depth_ = 0;
};

bool lies_below_watermark(const Slot& untyped, const Slot& child) {
    return object_address(child) - untyped.cap.object() + bit(object_size_bits(child)) <= untyped.cap.watermark();
}

const char* broken_object(const Slot& slot) {
    const PhysAddr object = slot.cap.object();
    switch (slot.cap.type()) {
    case CapType::tcb: return broken_thread(*window<Tcb>(object));
    case CapType::endpoint: return broken_endpoint(*window<Endpoint>(object));
    case CapType::notification: return broken_notification(*window<Notification>(object));
    case CapType::reply: return broken_reply(*window<Reply>(object));
    case CapType::sched_context: return broken_context(*window<SchedContext>(object));
    default: return nullptr;
    }
}

/// One list of derived capabilities, from its first.
const char* broken_list(const Slot& first) {
    Ancestors ancestors;
    for (const Slot* slot = &first; slot; slot = slot->next()) {
        if (const char* broken = broken_slot(*slot))
            return broken;
        ancestors.enter(*slot);
        if (const Slot* untyped = ancestors.parent(*slot); untyped && !lies_below_watermark(*untyped, *slot))
            return "objects lie below the watermark of their untyped";
        const Slot* previous = slot->previous();
        if (!previous || !same_object(*previous, *slot)) {
            if (const char* broken = broken_object(*slot))
                return broken;
        }
    }
    return nullptr;
}

} // namespace

const char* broken_slot(const Slot& slot) {
    const Capability& cap = slot.cap;
    if (cap.is_null())
        return slot.previous() || slot.next() ? "an empty slot is in no list" : nullptr;
    if (slot.next() && slot.next()->previous() != &slot)
        return "the next capability knows this one as the previous";
    if (slot.previous() && slot.previous()->next() != &slot)
        return "the previous capability knows this one as the next";
    if (cap.type() > CapType::domain_set)
        return "capabilities have a known type";
    if (cap.is(CapType::cnode) && cap.guard_size() + cap.radix() > abi::word_bits)
        return "guard and radix fit into a word";
    if (cap.type() < CapType::irq_control && !cap.is(CapType::untyped) && !is_zombie(cap.type()) &&
        !cap.object().is_aligned_to(bit(object_size_bits(slot))))
        return "objects are aligned to their size";
    if (cap.is(CapType::untyped) && cap.watermark() > bit(cap.size_bits()))
        return "no untyped has given out more than it has";
    return nullptr;
}

const char* broken_invariant(const Capability& root) {
    const Slot* slots = cnode_slots(root);
    for (Word i = 0; i < bit(root.radix()); i++) {
        if (slots[i].is_empty()) {
            if (const char* broken = broken_slot(slots[i]))
                return broken;
        } else if (!slots[i].previous()) {
            if (const char* broken = broken_list(slots[i]))
                return broken;
        }
    }
    return broken_scheduler();
}

} // namespace kernel
