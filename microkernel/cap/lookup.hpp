// SPDX-License-Identifier: BSD-2-Clause
// Capability pointer -> slot, guard by guard.
#pragma once

#include <cap/error.hpp>
#include <cap/slot.hpp>
#include <mem/direct_map.hpp>

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
/// The same, for the destination of a new capability (source flag 0): DeleteFirst if it is taken.
Answer<Slot*> lookup_empty_slot(const Capability& root, Word index, Word depth);

/// First slot of the CNode behind `cap`.
inline Slot* cnode_slots(const Capability& cap) { return window<Slot>(cap.object()); }

/// A CSpace whose root is one CNode that resolves all 64 bits of a pointer, as most are: a few instructions from pointer
/// to slot. Anything else matches no pointer, and takes the long way.
class QuickCSpace {
public:
    constexpr QuickCSpace() = default;
    explicit QuickCSpace(const Capability& root) {
        if (!root.is(CapType::cnode) || root.guard_size() + root.radix() != abi::word_bits)
            return;
        radix_ = root.radix();
        guard_ = root.guard();
        base_ = reinterpret_cast<Word>(cnode_slots(root)) - (guard_ << radix_) * sizeof(Slot);
    }
    bool operator==(const QuickCSpace&) const = default;
    bool has(Word pointer) const { return pointer >> radix_ == guard_; }
    /// `pointer` must be one that it has.
    Slot& slot(Word pointer) const { return *reinterpret_cast<Slot*>(base_ + pointer * sizeof(Slot)); }

private:
    Word base_ = 0; ///< of the slots, less what the guard bits of a pointer add
    Word guard_ = ~Word{0};
    Word radix_ = 1;
};

} // namespace kernel
