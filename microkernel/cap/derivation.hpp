// SPDX-License-Identifier: BSD-2-Clause
// Who was derived from whom. All capabilities in use form one list: a capability's descendants stand right
// behind it, so that a parent needs no pointers to its children and Revoke only looks at its next neighbour.
#pragma once

#include <cap/slot.hpp>

namespace kernel {

/// log2 of the bytes of the object behind `slot`'s capability; only for those with memory of their own.
unsigned object_size_bits(const Slot& slot);
/// Where that object is (also for a zombie that was set aside).
PhysAddr object_address(const Slot& slot);

/// Both name the same object (false for untyped memory, of which there may be parts).
bool same_object(const Slot& a, const Slot& b);
/// Whether `child`, if it stands behind `parent` in the list, was derived from it.
bool is_parent(const Slot& parent, const Slot& child);
bool has_children(const Slot& slot);
/// No other capability names the object of this one.
bool is_final(const Slot& slot);

/// Puts `cap` into the empty `slot`, right behind `source`, from which it was derived. Untyped memory that is copied has no
/// room left while the copy exists.
void insert_derived(Slot& slot, const Capability& cap, Slot& source);
/// Puts the first capability of a new object into the empty `slot`, as a child of `parent` (null: in a list of its own).
void insert_original(Slot& slot, const Capability& cap, Slot* parent);
/// Moves what is in `source` to the empty `slot`, perhaps changed to `cap` on the way.
void move_capability(Slot& slot, const Capability& cap, Slot& source);
/// Exchanges two slots' capabilities, changed to `first_cap` (goes to `second`) and `second_cap`.
void swap_capabilities(Slot& first, Capability first_cap, Slot& second, Capability second_cap);
/// Takes `slot` out of the list and empties it. The object is the caller's business.
void remove_capability(Slot& slot);

} // namespace kernel
