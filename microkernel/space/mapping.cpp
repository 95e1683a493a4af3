// SPDX-License-Identifier: BSD-2-Clause
#include <space/address_space.hpp>
#include <space/mapping.hpp>

namespace kernel {

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
    exchange(*entry, Entry::absent(entry->keeper()));
    invalidate_page(cap.asid(), cap.mapped_at());
}

void map_table(Slot& slot, Entry& entry, Asid asid, VirtAddr address) {
    exchange(entry, Entry::table(slot.cap.object(), entry.keeper()));
    slot.cap.set_mapping(asid, address);
}

Entry* linked_entry(const Capability& cap) {
    const auto root = cap.is_mapped() ? find_space(cap.asid()) : Failure{LookupError::invalid_root()};
    if (!root)
        return nullptr;
    const Level level = level_above(table_level(cap.type()));
    const WalkResult place = walk(*root, cap.mapped_at(), level);
    const bool is_linked =
        place.level == level && place.entry->is_table(level) && place.entry->table_address() == cap.object();
    return is_linked ? place.entry : nullptr;
}

void unmap_table(const Capability& cap) {
    Entry* const entry = linked_entry(cap);
    if (!entry)
        return;
    exchange(*entry, Entry::absent(entry->keeper()));
    invalidate_space(cap.asid());
}

} // namespace kernel
