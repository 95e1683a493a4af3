// SPDX-License-Identifier: BSD-2-Clause
#include <syscall/map_item.hpp>

namespace kernel {
namespace {

/// The entry of `level` at `address`. RangeError if it is another keeper's; FailedLookup if a table on the way is missing.
Answer<Entry*> place_of(const MapTarget& target, VirtAddr address, Level level) {
    const KeeperWalk found = walk_to_keeper(target.root, address, level);
    if (found.keeper != target.keeper || found.keeper == 0) // 0: the supervisor was asked, who maps nothing
        return refuse(SyscallError::range(target.keeper, target.keeper));
    if (found.level != level)
        return refuse(SyscallError::failed_lookup(false, LookupError::missing(span_bits(found.level))));
    return found.entry;
}

Checked map_table_item(const MapTarget& target, Slot& source, abi::Place place, Word number) {
    const Level level = entry_level(source.cap);
    const VirtAddr address(place.address());
    if (place.raw() != place.address())
        return refuse(SyscallError::invalid_argument(number));
    if (address.raw() >= abi::user_end)
        return refuse(SyscallError::range(0, abi::user_end - 1));
    if (!address.is_aligned_to(bit(span_bits(level))))
        return refuse(SyscallError::alignment());
    if (source.cap.is_mapped())
        return refuse(SyscallError::invalid_capability(number - 1));
    Entry& entry = *TRY(place_of(target, address, level));
    if (!entry.is_empty())
        return refuse(SyscallError::delete_first());
    map_table(source, entry, target.asid, address);
    return ok;
}

} // namespace

Checked map_item(const MapTarget& target, Slot& source, abi::Place place, Word number, Slot* copy) {
    const Capability& cap = source.cap;
    if (is_paging_structure(cap.type()) && !cap.is(CapType::pml4))
        return map_table_item(target, source, place, number);
    if (!cap.is(CapType::frame))
        return refuse(SyscallError::invalid_capability(number - 1));
    TRY(check_place(target.most, place, number));
    const VirtAddr address(place.address());
    const Word size = bit(frame_bits(cap.frame_size()));
    if (address.raw() >= abi::user_end || address.raw() + size > abi::user_end)
        return refuse(SyscallError::range(0, abi::user_end - size));
    if (!address.is_aligned_to(size))
        return refuse(SyscallError::alignment());
    if (cap.frame_size() == FrameSize::huge_1g && !kernel_state.features.huge_pages)
        return refuse(SyscallError::illegal_operation());
    Entry& entry = *TRY(place_of(target, address, entry_level(cap)));
    return map_frame_by_pager(target.asid, source, number - 1, place, address, entry, copy);
}

} // namespace kernel
