// SPDX-License-Identifier: BSD-2-Clause
// Neighbouring entries of page tables, many in one kernel call (docs/concepts/paging.md).
#pragma once

#include <abi/paging.hpp>
#include <array>
#include <sys/cap/object.hpp>

namespace sys {

using abi::PageRights;
using abi::Place;

/// One bit for each entry of a range, the first in the lowest bit.
struct EntryBits {
    std::array<Word, abi::max_range / abi::word_bits> words{}; ///< 512 bits
    /// `index` below 512.
    constexpr bool operator[](unsigned index) const { return words[index / 64] >> index % 64 & 1; }
    /// `index` below 512.
    constexpr void set(unsigned index, bool value) {
        const Word bit = Word{1} << index % 64;
        words[index / 64] = value ? words[index / 64] | bit : words[index / 64] & ~bit;
    }
};

/// Entries of `size_bits` (12, 21, 30, 39) from `address` on. A call may do fewer than `count` (1 to 512): it stops at the
/// end of a table, at an entry that it cannot do, and where an interrupt waits, and says how many it did, at least one.
struct EntryRange {
    Word address = 0; ///< of the first entry, a multiple of its size
    Word count = 1; ///< 1 to 512
    unsigned size_bits = 12; ///< of an entry
};

/// Any mapped paging structure; calls reach what it maps.
class PageTables : public Object {
public:
    using Object::Object;
    /// Whatever structure it is.
    constexpr PageTables(Object structure) : Object(structure) {}

    /// Who pages these entries (1 to 127; 0: as the level above), and what is shown to it where nothing is present: cookie
    /// `cookie` + i * `step`. abi::unchanged leaves either alone.
    Result<Word> set_keeper(const EntryRange& range, Word keeper, Word cookie = abi::unchanged, Word step = 0) const {
        return invoke_for_word(*this, abi::Invocation::range_set_keeper, with_caps(), range.address, range.size_bits,
                               range.count, keeper, cookie, step);
    }
    /// Frames of one size, from neighbouring slots from `first_slot` on; with copy in `place`: copies, in slots from `into` on.
    Result<Word> map(Place place, Word first_slot, Word count, Word into = 0) const {
        return invoke_for_word(*this, abi::Invocation::range_map, with_caps(), place.raw(), first_slot, count, into);
    }
    /// Takes rights away; never adds any.
    Result<Word> protect(const EntryRange& range, PageRights rights) const {
        return invoke_for_word(*this, abi::Invocation::range_protect, with_caps(), range.address, range.size_bits,
                               range.count, rights.raw());
    }

    /// How far Unmap came, and which pages had been written to.
    struct Unmapped {
        Word done;
        EntryBits dirty;
    };
    /// Leaves cookie `cookie` + i * `step` in entry i.
    Result<Unmapped> unmap(const EntryRange& range, Word cookie = 0, Word step = 0) const;

    /// How far Harvest came, and which pages had been used.
    struct Harvested {
        Word done;
        EntryBits accessed;
        EntryBits dirty;
    };
    /// `clear`: abi::was_accessed, abi::was_dirty, both or none is forgotten.
    Result<Harvested> harvest(const EntryRange& range, Word clear) const;

    /// Entries as Read shows them.
    struct Entries {
        unsigned count; ///< entries that were read
        std::array<Word, abi::max_read> entries; ///< as the CPU has them (sys/pager/table_entry.hpp)
    };
    /// As they are in the table.
    Result<Entries> read(const EntryRange& range) const;
    /// The entries on the way down to `address`, from this structure's own on.
    Result<Entries> read_way(Word address) const { return read({address, 1, 0}); }
};

} // namespace sys
