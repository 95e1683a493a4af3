// SPDX-License-Identifier: BSD-2-Clause
// Capability space: from pointers to slots.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// The slot that `pointer` names in the capability space of `thread`. Left-over bits are ignored.
/// Throws LookupFailure.
Slot& lookup(Thread& thread, Word pointer);

/// The slot at `index`, `depth` bits long, from the CNode capability `root`, for CNode operations: no bits may be left.
/// Throws Refusal.
Slot& lookup_slot(const Capability& root, Word index, Word depth, bool is_source);

} // namespace spec
