// SPDX-License-Identifier: BSD-2-Clause
// What the pager knows of one page table of a client: which page or swap slot each entry names, and where the capabilities
// are that are mapped there. It repeats what the table says, and is made again from it by a new instance.
//
// A huge page has a mirror, too, and a page table that waits until the huge page falls apart: then the entries that are
// still empty stand for their pieces of it. A giant page has a mirror for each of its 512 parts, which are blocks, and a page
// directory that waits.
#pragma once

#include <pager/page.hpp>

namespace pager {

inline constexpr Word table_span = Word{1} << 21, giant_span = Word{1} << 30;
inline constexpr unsigned table_entries = 512;
inline constexpr unsigned copies_per_page = 1u << sys::protocol::pager_startup::copy_bits;

class Entry {
public:
    constexpr Entry() = default;
    static constexpr Entry of_page(Page page) { return Entry(page.number); }
    /// Not present: its bytes are in a swap slot.
    static constexpr Entry of_slot(uint32_t slot) { return Entry(slot | swapped); }
    /// A lent frame: the region says which.
    static constexpr Entry of_lent() { return Entry(lent); }

    constexpr bool is_empty() const { return raw_ == 0; }
    constexpr bool is_page() const { return raw_ != 0 && (raw_ & (swapped | lent)) == 0; }
    constexpr bool is_swapped() const { return (raw_ & swapped) != 0; }
    constexpr bool is_lent() const { return (raw_ & lent) != 0; }
    constexpr Page page() const { return Page{raw_}; }
    constexpr uint32_t slot() const { return raw_ & ~swapped; }

private:
    static constexpr uint32_t swapped = 1u << 31, lent = 1u << 30;
    explicit constexpr Entry(uint32_t raw) : raw_(raw) {}
    uint32_t raw_ = 0;
};

struct Mirror {
    Page table;
    Page copies[table_entries / copies_per_page]; ///< none: not needed so far
    Block block; ///< the huge page at these addresses, or what is left of it; survives the pager
    Page directory; ///< of the first part of a giant page: the page directory that waits until it falls apart
    uint32_t pieces; ///< of the block: entries whose bytes are still there and nowhere else
    uint32_t present; ///< entries that name a page
    Entry entries[table_entries];

    /// All but which table it is of, and its block.
    void forget() {
        for (Page& page : copies)
            page = no_page;
        for (Entry& entry : entries)
            entry = Entry();
        directory = no_page;
        pieces = 0;
        present = 0;
    }
    /// The entry at `address` is empty because its bytes are in the block.
    bool is_piece(Word address) const {
        return !block.is_none() && entries[address / page_size % table_entries].is_empty();
    }
    Entry& at(Word address) { return entries[address / page_size % table_entries]; }
};
static_assert(sizeof(Mirror) <= page_size);

/// A swap slot as the cookie of an entry: 0 would be none.
constexpr Word cookie_of(uint32_t slot) { return Word{slot} + 1; }
constexpr uint32_t slot_of(Word cookie) { return static_cast<uint32_t>(cookie - 1); }

} // namespace pager
