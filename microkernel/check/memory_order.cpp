// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <check/memory_order.hpp>
#include <mem/direct_map.hpp>
#include <system.hpp>

namespace kernel {
namespace {

bool is_zero(PhysAddr start, Word bytes) {
    Word all = 0;
    for (Word i = 0; i < bytes / sizeof(Word); i++)
        all |= window<Word>(start)[i];
    return all == 0;
}

/// What is above the watermark and counts as clear, at both of its ends: nobody has the time to look at all of it.
bool is_clear(const Capability& untyped) {
    constexpr Word sample = 128;
    if (untyped.is_device_untyped() || untyped.cleared() < untyped.watermark() + sample)
        return true;
    return is_zero(untyped.object() + untyped.watermark(), sample) &&
           is_zero(untyped.object() + (untyped.cleared() - sample), sample);
}

Sound check_untyped(const Slot& slot) {
    const Capability& untyped = slot.cap;
    const Word size = bit(untyped.size_bits());
    TRY(holds(untyped.watermark() <= size, "3: no untyped has given out more than it has"));
    TRY(holds(untyped.cleared() <= size, "3: no untyped has cleared more than it has"));
    TRY(holds(slot.is_original(), "8: untyped memory is an ancestor of what is made of it"));
    return holds(is_clear(untyped), "3: memory that an untyped has cleared and not given out is zero");
}

bool is_device(const Capability& cap) {
    return (cap.is(CapType::untyped) && cap.is_device_untyped()) || (cap.is(CapType::frame) && cap.is_device_frame());
}

bool is_all_ram(PhysAddr start, PhysAddr end) { return is_ram(start) && is_ram(PhysAddr(end.raw() - 1)); }

/// Where it stands among the roots: those without memory come last.
PhysAddr place_of(const Slot& slot) { return has_memory(slot.cap.type()) ? slot.cap.object() : PhysAddr{}; }

/// Takes `slot` out of its place in the list, and puts it right behind `before`.
void put_behind(Slot& before, Slot& slot) {
    slot.previous()->set_next(slot.next());
    if (slot.next())
        slot.next()->set_previous(slot.previous());
    slot.set_previous(&before);
    slot.set_next(before.next());
    if (before.next())
        before.next()->set_previous(&slot);
    before.set_next(&slot);
}

} // namespace

void put_in_order(Slot& all) {
    Slot* next = nullptr;
    for (Slot* slot = all.next(); slot; slot = next) {
        next = slot->next();
        Slot* before = slot->previous();
        while (before != &all && place_of(*before) < place_of(*slot))
            before = before->previous();
        if (before != slot->previous())
            put_behind(*before, *slot);
    }
}

Sound MemoryOrder::enter(const Slot& slot) {
    const PhysAddr start = object_address(slot);
    const unsigned bits = object_size_bits(slot);
    const PhysAddr end = start + bit(bits);
    while (depth_ > 0 && !is_parent(*path_[depth_ - 1].untyped, slot))
        --depth_;
    const Capability* const around = depth_ > 0 ? &path_[depth_ - 1].untyped->cap : nullptr;
    PhysAddr& limit = depth_ > 0 ? path_[depth_ - 1].limit : limit_;
    TRY(holds(start.is_aligned_to(bit(bits)), "2: objects are aligned to their size"));
    TRY(holds(!around || end - around->object() <= around->watermark(),
              "3: what is made of an untyped lies below its watermark"));
    TRY(holds(end <= limit, "2: no two objects share memory, and those above stand before those below"));
    TRY(holds(!around || is_device(slot.cap) == is_device(*around), "4: device memory becomes device memory only"));
    TRY(holds(is_device(slot.cap) || is_all_ram(start, end), "1: objects are in RAM"));
    limit = start;
    if (!slot.cap.is(CapType::untyped))
        return sound;
    TRY(check_untyped(slot));
    if (!around || around->size_bits() != bits)
        ++depth_;
    path_[depth_ - 1] = {&slot, end};
    return sound;
}

} // namespace kernel
