// SPDX-License-Identifier: BSD-2-Clause
#include <space/address_space.hpp>
#include <space/mapping.hpp>
#include <space/tlb.hpp>

namespace kernel {

Answer<Entry*> find_place(PhysAddr root, VirtAddr address, Level level) {
    const WalkResult place = walk(root, address, level);
    if (place.level == level)
        return place.entry;
    return refuse(SyscallError::failed_lookup(false, LookupError::missing(span_bits(place.level))));
}

void map_frame(Slot& slot, Entry& entry, Asid asid, VirtAddr address, const PageView& view) {
    const Level level = frame_level(slot.cap.frame_size());
    const Entry page =
        Entry::page(slot.cap.object(), level, view.rights, view.memory_type, kernel_state.features.no_execute);
    const Entry old = exchange(entry, page.with_keeper(entry.keeper()));
    slot.cap.set_mapping(asid, address);
    if (old.is_present())
        invalidate_page(asid, address);
}

Entry* mapped_entry(const Capability& cap) {
    if (!cap.is_mapped())
        return nullptr;
    const auto root = find_space(cap.asid());
    if (!root)
        return nullptr;
    const Level level = frame_level(cap.frame_size());
    const WalkResult place = walk(*root, cap.mapped_at(), level);
    if (place.level != level || !place.entry->is_page(level) || place.entry->page_address(level) != cap.object())
        return nullptr;
    return place.entry;
}

void unmap_frame(const Capability& cap) {
    Entry* entry = mapped_entry(cap);
    if (!entry)
        return;
    exchange(*entry, Entry::empty(entry->keeper()));
    invalidate_page(cap.asid(), cap.mapped_at());
}

void map_table(Slot& slot, Entry& entry, Asid asid, VirtAddr address) {
    exchange(entry, Entry::table(slot.cap.object(), entry.keeper()));
    slot.cap.set_mapping(asid, address);
}

void unmap_table(const Capability& cap) {
    const auto root = find_space(cap.asid());
    if (!root)
        return;
    const Level level = level_above(table_level(cap.type()));
    const WalkResult place = walk(*root, cap.mapped_at(), level);
    if (place.level != level || !place.entry->is_table(level) || place.entry->table_address() != cap.object())
        return;
    exchange(*place.entry, Entry::empty(place.entry->keeper()));
    invalidate_space(cap.asid());
}

} // namespace kernel
