// SPDX-License-Identifier: BSD-2-Clause
// What is left of CNodes and TCBs while they are being emptied (lifetime/delete.hpp).
#include <cap/derivation.hpp>
#include <check/rules.hpp>
#include <mem/direct_map.hpp>

namespace kernel {
namespace {

struct Remains {
    const Slot* slots;
    Word count;
    Place place;
};

Remains remains_of(const Slot& zombie) {
    const PhysAddr object = object_address(zombie);
    if (zombie.cap.radix() == Capability::tcb_radix)
        return {window<Tcb>(object)->slots.data(), tcb_slot_count, Place::thread};
    return {window<Slot>(object), bit(zombie.cap.radix()), Place::cnode};
}

/// How many slots, from the first, may still hold something: one that was set aside stands in the last of them.
Word slots_left(const Slot& zombie, const Remains& remains) {
    return zombie.cap.is(CapType::zombie) ? zombie.cap.zombie_slots() : static_cast<Word>(&zombie - remains.slots) + 1;
}

const Slot* slot_at(PhysAddr place) { return place == PhysAddr{} ? nullptr : window<Slot>(place); }

/// Whom this zombie has set aside.
const Slot* outer_of(const Slot& zombie) {
    return slot_at(zombie.cap.is(CapType::zombie) ? zombie.cap.zombie_outer() : zombie.cap.set_aside_outer());
}

Sound check_dead_thread(const Tcb& thread) {
    return holds(thread.state == ThreadState::stopped && !thread.in_ready_queue && !thread.sched_context &&
                     !thread.reply && !thread.bound_notification && !thread.yielded_to,
                 "5: a thread that is going away takes part in nothing");
}

} // namespace

Sound check_zombie(const Slot& slot, Census& census) {
    const Remains remains = remains_of(slot);
    const Word left = slots_left(slot, remains);
    TRY(holds(left <= remains.count, "41: a zombie has no more slots than its object"));
    for (Word i = left; i < remains.count; i++)
        TRY(holds(remains.slots[i].is_empty() || &remains.slots[i] == &slot, "41: what a zombie has emptied stays so"));
    if (const Slot* outer = outer_of(slot))
        TRY(holds(outer->cap.is(CapType::outer_zombie) && slot_at(outer->cap.zombie_inner()) == &slot,
                  "41: a zombie that was set aside knows the one that goes first"));
    if (const Slot* inner = slot.cap.is(CapType::outer_zombie) ? slot_at(slot.cap.zombie_inner()) : nullptr)
        TRY(holds(is_zombie(inner->cap.type()) && outer_of(*inner) == &slot,
                  "41: a zombie knows the one that it has set aside"));
    TRY(check_slots(remains.slots, remains.count, remains.place, census));
    if (remains.place == Place::thread)
        TRY(check_dead_thread(*window<Tcb>(object_address(slot))));
    return sound;
}

} // namespace kernel
