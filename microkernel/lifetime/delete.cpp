// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <lifetime/delete.hpp>
#include <lifetime/finalise.hpp>
#include <lifetime/preemption.hpp>

namespace kernel {
namespace {

Slot* zombie_slot(const Capability& zombie, Word index) {
    if (zombie.radix() == Capability::tcb_radix)
        return &window<Tcb>(zombie.object())->slots[index];
    return &window<Slot>(zombie.object())[index];
}

bool has_slots(CapType type) { return type == CapType::cnode || type == CapType::tcb; }

Capability make_zombie(const Capability& cap) {
    if (cap.is(CapType::tcb))
        return Capability::zombie(cap.object(), Capability::tcb_radix, tcb_slot_count, PhysAddr{});
    return Capability::zombie(cap.object(), cap.radix(), bit(cap.radix()), PhysAddr{});
}

Slot* slot_at(PhysAddr place) { return place == PhysAddr{} ? nullptr : window<Slot>(place); }

void change_set_aside(Slot& slot, PhysAddr inner, PhysAddr outer) {
    slot.cap = Capability::outer_zombie(inner, slot.cap.radix(), outer);
}

/// The zombie that waits for the one in `inner` must know where that is now.
void tell_outer(PhysAddr outer, const Slot& inner) {
    if (Slot* slot = slot_at(outer))
        change_set_aside(*slot, physical(&inner), slot->cap.set_aside_outer());
}

/// The zombie in `slot` has met another in `found`, inside its own object: that one goes first, and takes the place outside.
/// Who waited for it until now is left alone: it goes on when somebody finds it.
void set_aside(Slot& slot, Slot& found) {
    const Capability outer = slot.cap;
    const Capability inner = found.cap;
    if (Slot* waiting = slot_at(inner.zombie_outer()))
        change_set_aside(*waiting, PhysAddr{}, waiting->cap.set_aside_outer());
    swap_capabilities(slot, Capability::outer_zombie(physical(&slot), outer.radix(), outer.zombie_outer()), found,
                      Capability::zombie(inner.object(), inner.radix(), inner.zombie_slots(), physical(&found)));
    tell_outer(outer.zombie_outer(), found);
}

/// The zombie that was set aside in `from` goes on, in `slot` if that is given and outlives it, else where it is.
/// Returns the slot it goes on in.
Slot* take_up(Slot& from, Slot* slot) {
    const Capability aside = from.cap;
    const PhysAddr object = object_address(from);
    const auto slots = static_cast<Word>(&from - zombie_slot(Capability::zombie(object, aside.radix(), 0, {}), 0));
    // `from` is the last slot that may hold something: moved away it is empty, else it is met and passed over.
    const Word left = slot ? slots : slots + 1;
    const Capability zombie = Capability::zombie(object, aside.radix(), left, aside.set_aside_outer());
    if (slot)
        move_capability(*slot, zombie, from);
    else
        from.cap = zombie;
    Slot* const now = slot ? slot : &from;
    tell_outer(aside.set_aside_outer(), *now);
    return now;
}

/// The zombie set aside in `from` was found by somebody who wants it gone: it goes on right there, and waits for the other
/// one no longer.
Slot* take_up_here(Slot& from) {
    if (Slot* inner = slot_at(from.cap.zombie_inner())) {
        const Capability& cap = inner->cap;
        inner->cap = cap.is(CapType::zombie) ? Capability::zombie(cap.object(), cap.radix(), cap.zombie_slots(), {})
                                             : Capability::outer_zombie(cap.zombie_inner(), cap.radix(), {});
    }
    return take_up(from, nullptr);
}

/// The zombie in `slot` is empty. Returns the slot where work goes on; null = all done.
Slot* bury(Slot& slot) {
    const Capability zombie = slot.cap;
    Slot* const outer = slot_at(zombie.zombie_outer());
    const PhysAddr start = zombie.object();
    const bool inside_itself = start <= physical(&slot) && physical(&slot) - start < bit(object_size_bits(slot));
    remove_capability(slot);
    if (!outer)
        return nullptr;
    return take_up(*outer, inside_itself ? nullptr : &slot);
}

/// One step on the zombie in `slot`. Returns the slot where work goes on; null = all done.
Slot* zombie_step(Slot& slot) {
    const Capability& zombie = slot.cap;
    const Word slots = zombie.zombie_slots();
    if (slots == 0)
        return bury(slot);
    Slot* const last = zombie_slot(zombie, slots - 1);
    if (last->is_empty() || last == &slot) {
        slot.cap = Capability::zombie(zombie.object(), zombie.radix(), slots - 1, zombie.zombie_outer());
        return &slot;
    }
    if (last->cap.is(CapType::zombie)) {
        set_aside(slot, *last);
        return &slot;
    }
    const bool final = is_final(*last);
    if (!finalise_step(*last, final))
        return &slot;
    if (final && has_slots(last->cap.type()))
        last->cap = make_zombie(last->cap);
    else
        remove_capability(*last);
    return &slot;
}

/// Empties `slot`, which is not. Preempted: look whether it is.
Progress delete_steps(Slot& slot) {
    if (!is_zombie(slot.cap.type())) {
        const bool final = is_final(slot);
        while (!finalise_step(slot, final)) {
            if (preemption_point())
                return Progress::preempted;
        }
        if (!final || !has_slots(slot.cap.type())) {
            remove_capability(slot);
            return preemption_point() ? Progress::preempted : Progress::finished;
        }
        slot.cap = make_zombie(slot.cap);
    }
    for (Slot* work = slot.cap.is(CapType::outer_zombie) ? take_up_here(slot) : &slot; work;) {
        work = zombie_step(*work);
        if (preemption_point())
            return Progress::preempted;
    }
    return Progress::finished;
}

} // namespace

Progress delete_slot(Slot& slot) {
    if (!slot.is_empty())
        (void)delete_steps(slot);
    // What is done must not be started again: the call may have deleted what it was made with.
    return slot.is_empty() ? Progress::finished : Progress::preempted;
}

Progress revoke(Slot& slot) {
    while (has_children(slot)) {
        if (delete_steps(*slot.next()) == Progress::preempted && has_children(slot))
            return Progress::preempted;
    }
    return Progress::finished;
}

} // namespace kernel
