// SPDX-License-Identifier: BSD-2-Clause
// Mapping by a pager: one capability at one place, in an answer to a fault (ReplyMapRecv) or in a range (Range.Map).
#pragma once

#include <cap/copying.hpp>
#include <cap/derivation.hpp>
#include <space/mapping.hpp>
#include <system.hpp>

namespace kernel {

/// The slot that `pointer` names; FailedLookup.
inline Answer<Slot*> find_source(const Tcb& caller, Word pointer) {
    const auto found = caller.find_slot(pointer);
    if (!found)
        return refuse(SyscallError::failed_lookup(true, found.error()));
    return *found;
}

/// The address space that an answer maps into, and how much of it the pager that was asked may change.
struct MapTarget {
    Asid asid;
    PhysAddr root;
    unsigned keeper;      ///< only entries where this one is in force; 0: none
    abi::PageRights most; ///< rights that pages may get
};

/// InvalidArgument `number` for bits that must be 0 or without read right; IllegalOperation for write and execute, and for
/// rights beyond `most`.
inline Checked check_place(abi::PageRights most, abi::Place place, Word number) {
    const abi::PageRights rights = place.rights();
    if (!place.is_valid() || !rights.can_read())
        return refuse(SyscallError::invalid_argument(number));
    if ((rights.can_write() && rights.can_execute()) || !most.contains(rights))
        return refuse(SyscallError::illegal_operation());
    return ok;
}

/// Whether the capability gives a page these rights, read among them.
inline bool may_give(const Capability& frame, abi::PageRights rights) {
    return frame.rights().can_read() && (frame.rights().can_write() || !rights.can_write());
}

/// A frame counts as mapped while the entry that its capability records still names it: at `entry`, or elsewhere.
inline bool is_mapped_elsewhere(const Capability& frame, const Entry& entry) {
    if (!frame.is_mapped()) [[likely]]
        return false;
    const Entry* const at = mapped_entry(frame);
    return at && at != &entry;
}

/// The slot for a copy is empty, or with `replaces` holds a frame mapped right here or nowhere, which may go.
inline Checked check_copy(const Slot& source, const Slot& copy, bool replaces, const Entry& entry) {
    if (copy.is_empty())
        return ok;
    if (&copy == &source || !replaces || !copy.cap.is(CapType::frame) || is_mapped_elsewhere(copy.cap, entry))
        return refuse(SyscallError::delete_first());
    return ok;
}

/// What a pager wants at `place`: `frame`, as an entry of `level`.
inline Entry page_for(abi::Place place, PhysAddr frame, Level level) {
    const Permissions permissions{true, place.rights().can_write(), place.rights().can_execute()};
    return Entry::page(frame, level, permissions, place.memory_type(), kernel_state.features.no_execute);
}

/// Maps the frame of `source` (with `copy`: a copy of it, which goes there) into `entry`, its place at `address` of `asid`. Everything
/// is checked that concerns the capabilities and the entry: InvalidCapability `number`.
inline Checked map_frame_by_pager(Asid asid, Slot& source, Word number, abi::Place place, VirtAddr address,
                                  Entry& entry, Slot* copy) {
    const Capability& frame = source.cap;
    const Level level = entry_level(frame);
    if (!may_give(frame, place.rights()))
        return refuse(SyscallError::illegal_operation());
    // A frame that is here already changes rights and type.
    const bool is_here = !copy && frame.is_mapped() && mapped_entry(frame) == &entry;
    if (!copy && !is_here && is_mapped_elsewhere(frame, entry))
        return refuse(SyscallError::invalid_capability(number));
    if (entry.is_table(level) || (!entry.is_empty() && !place.replaces() && !is_here))
        return refuse(SyscallError::delete_first());
    if (copy)
        TRY(check_copy(source, *copy, place.replaces(), entry));

    const Entry page = page_for(place, frame.object(), level);
    if (!copy) {
        map_frame(source, page, entry, asid, address);
        return ok;
    }
    const Capability cap = TRY(derive(source));
    if (!copy->is_empty())
        remove_capability(*copy); // its page, if it has one, is the one that is replaced
    insert_derived(*copy, cap, source);
    map_frame(*copy, page, entry, asid, address);
    return ok;
}

/// An item: `source`, a frame or a paging structure, goes to `place`. `number` of the place among the message words.
Checked map_item(const MapTarget& target, Slot& source, abi::Place place, Word number, Slot* copy);

} // namespace kernel
