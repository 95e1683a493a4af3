// SPDX-License-Identifier: BSD-2-Clause
// Mapping by a pager: one capability at one place, in an answer to a fault (ReplyMapRecv) or in a range (Range.Map).
#pragma once

#include <abi/paging.hpp>
#include <object/tcb.hpp>
#include <space/mapping.hpp>

namespace kernel {

/// The slot that `pointer` names; FailedLookup.
inline Answer<Slot*> find_source(const Tcb& caller, Word pointer) {
    const auto found = caller.find_slot(pointer);
    if (!found)
        return refuse(SyscallError::failed_lookup(true, found.error()));
    return *found;
}

/// The address space that is mapped into, and how much of it whoever asks may change.
struct MapTarget {
    Asid asid;
    PhysAddr root;
    unsigned keeper; ///< only entries where this one is in force
    bool any_keeper;
    abi::PageRights most; ///< rights that pages may get
};

/// InvalidArgument `number` for bits that must be 0 or without read right; IllegalOperation for write and execute, and for
/// rights that `target` does not have.
inline Checked check_place(abi::PageRights most, abi::Place place, Word number) {
    const abi::PageRights rights = place.rights();
    if (!place.is_valid() || !rights.can_read())
        return refuse(SyscallError::invalid_argument(number));
    if ((rights.can_write() && rights.can_execute()) || !most.contains(rights))
        return refuse(SyscallError::illegal_operation());
    return ok;
}

/// Maps the frame of `source` (with `copy`: a copy of it, which goes there) into `entry`, its place at `address`. Everything
/// is checked that concerns the capabilities and the entry.
Checked map_frame_by_pager(const MapTarget& target, Slot& source, abi::Place place, VirtAddr address, Entry& entry,
                           Slot* copy);

/// An item: `source`, a frame or a paging structure, goes to `place`. `number` of the place among the message words.
Checked map_item(const MapTarget& target, Slot& source, abi::Place place, Word number, Slot* copy);

} // namespace kernel
