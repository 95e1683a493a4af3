// SPDX-License-Identifier: BSD-2-Clause
#include <space/address_space.hpp>
#include <space/mapping.hpp>

namespace kernel {

Entry* mapped_entry(const Capability& cap) {
    const PhysAddr root = find_space(cap.asid());
    if (!cap.is_mapped() || root == PhysAddr{})
        return nullptr;
    const Level level = entry_level(cap);
    const WalkResult place = walk(root, cap.mapped_at(), level);
    const Entry& entry = *place.entry;
    const bool names_it = cap.is(CapType::frame) ? entry.is_page(level) && entry.page_address(level) == cap.object()
                                                 : entry.is_table(level) && entry.table_address() == cap.object();
    return place.level == level && names_it ? place.entry : nullptr;
}

void unmap(const Capability& cap) {
    Entry* const entry = mapped_entry(cap);
    if (!entry)
        return;
    exchange(*entry, Entry::absent(entry->keeper()));
    if (cap.is(CapType::frame))
        invalidate_page(cap.asid(), cap.mapped_at());
    else
        invalidate_space(cap.asid());
}

void map_table(Slot& slot, Entry& entry, Asid asid, VirtAddr address) {
    exchange(entry, Entry::table(slot.cap.object(), entry.keeper()));
    slot.cap.set_mapping(asid, address);
}

} // namespace kernel
