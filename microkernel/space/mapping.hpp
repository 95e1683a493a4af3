// SPDX-License-Identifier: BSD-2-Clause
// Frames and paging structures in address spaces: where they may go, putting them there, taking them out.
#pragma once

#include <arch/x86_64/paging/walk.hpp>
#include <cap/error.hpp>
#include <cap/slot.hpp>
#include <space/tlb.hpp>

namespace kernel {

/// The level at which a frame of this size is an entry.
constexpr Level frame_level(FrameSize size) {
    return static_cast<Level>(static_cast<unsigned>(Level::pt) + static_cast<unsigned>(size));
}
/// The level of a paging structure itself.
constexpr Level table_level(CapType type) {
    return static_cast<Level>(static_cast<unsigned>(type) - static_cast<unsigned>(CapType::page_table) + 1);
}
static_assert(table_level(CapType::pml4) == Level::pml4);
/// The level of the entry for a frame or paging structure (no PML4).
constexpr Level entry_level(const Capability& cap) {
    return cap.is(CapType::frame) ? frame_level(cap.frame_size()) : level_above(table_level(cap.type()));
}

/// The entry of `level` for `address` in `root`. FailedLookup (bits left 39, 30, 21) if a table on the way is missing,
/// also where a large page stands in its place.
inline Answer<Entry*> find_place(PhysAddr root, VirtAddr address, Level level) {
    const WalkResult place = walk(root, address, level);
    if (place.level == level) [[likely]]
        return place.entry;
    return refuse(SyscallError::failed_lookup(false, LookupError::missing(span_bits(place.level))));
}

/// Puts the frame of `slot`, as `page` shows it, into `entry`, its place at `address` of `asid`; what stood there is replaced.
inline void map_frame(Slot& slot, Entry page, Entry& entry, Asid asid, VirtAddr address) {
    const Entry old = exchange(entry, page.with_keeper(entry.keeper()));
    slot.cap.set_mapping(asid, address);
    if (old.is_present())
        invalidate_page(asid, address);
}
/// Links the paging structure of `slot` into the empty `entry` for `address` of `asid`.
void map_table(Slot& slot, Entry& entry, Asid asid, VirtAddr address);

/// The entry that `cap`, a frame or paging structure (no PML4), records, if it still holds that; else null.
Entry* mapped_entry(const Capability& cap);
/// What `cap` names leaves that entry, and nothing of it stays cached.
void unmap(const Capability& cap);

} // namespace kernel
