// SPDX-License-Identifier: BSD-2-Clause
// Capability pointer -> slot, guard by guard.
#pragma once

#include <cap/error.hpp>
#include <cap/slot.hpp>

namespace kernel {

struct ResolvedSlot {
    Slot* slot; ///< never null
    unsigned bits_left;
};

/// Follows the lowest `depth` bits (1..64) of `pointer` from `root`, until they are used up or a slot holds no CNode.
Result<ResolvedSlot, LookupError> resolve(const Capability& root, Word pointer, unsigned depth);

/// The slot that a CNode operation names: all `depth` bits must be used up. Errors: RangeError for the depth,
/// FailedLookup (with the source flag `of_source`) for the rest.
Answer<Slot*> lookup_slot(const Capability& root, Word index, Word depth, bool of_source);

/// First slot of the CNode behind `cap`.
Slot* cnode_slots(const Capability& cap);

} // namespace kernel
