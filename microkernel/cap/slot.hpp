// SPDX-License-Identifier: BSD-2-Clause
// A slot: the place of one capability, and its links in the list of all derived capabilities.
#pragma once

#include <cap/capability.hpp>

namespace kernel {

class Slot {
public:
    Capability cap;

    bool is_empty() const { return cap.is_null(); }
    Slot* previous() const { return reinterpret_cast<Slot*>(previous_); }
    Slot* next() const { return reinterpret_cast<Slot*>(next_ & ~flag_mask); }

    /// Whether derived capabilities count as children of this one (from Retype, freshly badged, untyped).
    bool is_original() const { return next_ & original_flag; }
    /// Whether this is where a badge was given: not a child of equally badged neighbours before it.
    bool is_first_badged() const { return next_ & first_badged_flag; }

    void set_previous(Slot* slot) { previous_ = reinterpret_cast<Word>(slot); }
    void set_next(Slot* slot) { next_ = reinterpret_cast<Word>(slot) | (next_ & flag_mask); }
    void set_links(Slot* previous, Slot* next, bool original, bool first_badged) {
        previous_ = reinterpret_cast<Word>(previous);
        next_ = reinterpret_cast<Word>(next) | (original ? original_flag : 0) | (first_badged ? first_badged_flag : 0);
    }
    void clear() { *this = Slot{}; }

private:
    static constexpr Word original_flag = 1;
    static constexpr Word first_badged_flag = 2;
    static constexpr Word flag_mask = 3;

    Word previous_ = 0;
    Word next_ = 0; ///< slots are 32-byte aligned, so the low bits carry the flags
};

static_assert(sizeof(Slot) == 1u << abi::slot_bits);

} // namespace kernel
