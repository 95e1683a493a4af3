// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <check/rules.hpp>
#include <interrupt/irq_lines.hpp>
#include <mem/direct_map.hpp>
#include <system.hpp>

namespace kernel {
namespace {

bool has_rights(CapType type) {
    return type == CapType::endpoint || type == CapType::notification || type == CapType::reply ||
           type == CapType::frame;
}

bool is_badged(const Capability& cap) {
    return (cap.is(CapType::endpoint) || cap.is(CapType::notification)) && cap.badge() != 0;
}

Sound check_links(const Slot& slot) {
    TRY(holds(slot.previous() && slot.previous()->next() == &slot,
              "8: the previous capability knows this one as the next"));
    return holds(!slot.next() || slot.next()->previous() == &slot,
                 "8: the next capability knows this one as the previous");
}

/// What the type says of the fields.
Sound check_fields(const Capability& cap) {
    switch (cap.type()) {
    case CapType::cnode:
        return holds(cap.radix() >= 1 && cap.guard_size() + cap.radix() <= abi::word_bits,
                     "12: a CNode resolves at least one bit, and with its guard at most a word");
    case CapType::frame: return holds(cap.frame_size() <= FrameSize::huge_1g, "7: frames have a known size");
    case CapType::asid_pool:
        return holds(cap.pool_index() < abi::asid_pool_count && kernel_state.asid_pools[cap.pool_index()],
                     "7: the kernel knows the ASID pool of a capability");
    case CapType::irq_handler:
        return holds(cap.irq_vector() < irq_line_count && irq_line_in_use(cap.irq_vector()),
                     "7: the interrupt line of a handler is in use");
    default: return sound;
    }
}

/// Who holds the capability from which all others to the object come may do everything, and they may do no more.
Sound check_rights(const Slot& slot) {
    const Capability& cap = slot.cap;
    if (slot.is_original() && !is_badged(cap) && has_rights(cap.type()))
        return holds(cap.rights() == abi::Rights::all(), "9: the first capability to an object has all rights");
    return sound;
}

} // namespace

Sound check_slots(const Slot* slots, Word count, Place place, Census& census) {
    const Word mark = place == Place::thread ? Slot::in_thread_flag : 0;
    for (const Slot* slot = slots; slot != slots + count; slot++) {
        // Most are empty.
        if ((slot->cap.raw0() | slot->cap.raw1() | slot->previous_word | (slot->next_word ^ mark)) == 0) [[likely]]
            continue;
        TRY(holds(slot->is_in_thread() == (mark != 0), "8: slots in TCBs are marked, others are not"));
        TRY(holds(!slot->is_empty(), "8: an empty slot is in no list"));
        census.slots.there++;
    }
    return sound;
}

Sound check_capability(const Slot& slot, Census& census) {
    census.slots.here++;
    TRY(check_links(slot));
    TRY(holds(!slot.cap.is_null() && slot.cap.type() <= CapType::domain_set,
              "8: what is in the list is a capability, of a known type"));
    TRY(check_fields(slot.cap));
    return check_rights(slot);
}

Sound check_copy(const Slot& previous, const Slot& slot) {
    const Capability& a = previous.cap;
    const Capability& b = slot.cap;
    bool agree = true;
    switch (b.type()) {
    case CapType::cnode: agree = a.radix() == b.radix(); break;
    case CapType::sched_context: agree = a.size_bits() == b.size_bits(); break;
    case CapType::frame: agree = a.is_device_frame() == b.is_device_frame(); break;
    case CapType::asid_pool:
    case CapType::page_table:
    case CapType::page_directory:
    case CapType::pdpt:
    case CapType::pml4: agree = a == b; break;
    default: break;
    }
    return holds(agree, "7: all capabilities to an object say the same of it");
}

} // namespace kernel
