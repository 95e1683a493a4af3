// SPDX-License-Identifier: BSD-2-Clause
// A slot: the place of one capability, and its links in the list of all derived capabilities.
#pragma once

#include <cap/capability.hpp>

namespace kernel {

struct Slot {
    Capability cap;
    Word previous_word = 0;
    Word next_word = 0; ///< slots are 32-byte aligned, so the low bits carry the flags

    bool is_empty() const { return cap.is_null(); }
    Slot* previous() const { return reinterpret_cast<Slot*>(previous_word); }
    Slot* next() const { return reinterpret_cast<Slot*>(next_word & ~flag_mask); }

    /// Whether derived capabilities count as children of this one (from Retype, freshly badged, untyped).
    bool is_original() const { return next_word & original_flag; }
    /// Whether this is where a badge was given: not a child of equally badged neighbours before it.
    bool is_first_badged() const { return next_word & first_badged_flag; }

    void set_previous(Slot* slot) { previous_word = reinterpret_cast<Word>(slot); }
    void set_next(Slot* slot) { next_word = reinterpret_cast<Word>(slot) | (next_word & flag_mask); }
    void set_links(Slot* previous, Slot* next, bool original, bool first_badged) {
        previous_word = reinterpret_cast<Word>(previous);
        next_word = reinterpret_cast<Word>(next) | (original ? original_flag : 0) |
                    (first_badged ? first_badged_flag : 0) | (next_word & in_thread_flag);
    }
    void set_first_badged() { next_word |= first_badged_flag; }
    void clear() {
        cap = {};
        previous_word = 0;
        next_word &= in_thread_flag;
    }
    /// Whether this is a place inside a TCB, which keeps what it needs of the capability in handier form as well.
    bool is_in_thread() const { return next_word & in_thread_flag; }
    void mark_in_thread() { next_word |= in_thread_flag; }

    static constexpr Word original_flag = 1;
    static constexpr Word first_badged_flag = 2;
    static constexpr Word in_thread_flag = 4;
    static constexpr Word flag_mask = 7;
};

static_assert(sizeof(Slot) == 1u << abi::slot_bits);

} // namespace kernel
