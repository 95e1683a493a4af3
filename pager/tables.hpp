// SPDX-License-Identifier: BSD-2-Clause
// The page tables of clients and what goes with each: its mirror, and CNodes for the capabilities that are mapped in it.
#pragma once

#include <pager/client_table.hpp>
#include <pager/mirror.hpp>
#include <pager/swap.hpp>

namespace pager {

class Tables {
public:
    Tables(Memory& memory, Swap& swap) : memory_(memory), swap_(swap) {}

    /// The mirror of the page table for an address; null if there is none.
    Mirror* find(const Client& client, Word address) const;
    /// What the entry for an address names; an empty one if there is no page table.
    Entry entry(const Client& client, Word address) const {
        Mirror* const mirror = find(client, address);
        return mirror == nullptr ? Entry() : mirror->at(address);
    }
    /// The same mirror, made if there is none, its page table hooked in with all tables above it, and with room for the
    /// capability mapped at `address`. A huge page there falls apart. over_quota, no_memory_*, kernel_refused.
    Result<Mirror*> ensure(Client& client, Word address);
    /// A new PML4 with an address-space number.
    Result<void> create_root(Client& client);
    /// Gives back all tables of a client, and then all it maps. Returns how many pages that were.
    Word destroy(Client& client);
    /// Takes all pages and slots of a range away. Returns how many pages.
    Result<Word> clear(Client& client, Range range);

    /// The entry at `address` now names this page; what it named before is let go.
    void note_page(Client& client, Mirror& mirror, Word address, Page page);
    /// As note_page, for any entry that names no page.
    void note(Client& client, Mirror& mirror, Word address, Entry entry);

    // ---- huge pages (blocks.cpp) -------------------------------------------------------------------------------------
    /// Room for a huge page around `address`, and for the page table it may fall apart into. Nothing may be mapped there.
    /// over_quota, no_memory_*, kernel_refused.
    Result<Mirror*> ensure_for_block(Client& client, Word address);
    /// Shows a block where nothing is present, or the same block.
    Result<void> map_block(Client& client, Mirror& mirror, Word base, Block block, const sys::PageAccess& access);
    /// Only reading is left.
    Result<void> protect_block(Client& client, Word base);
    /// What was accessed since last asked.
    bool was_accessed(Client& client, Word base);
    /// A block that is mapped as one page, not a page table with pieces of it, nor part of a giant page.
    bool is_whole(const Mirror& mirror) const {
        return !mirror.block.is_none() && !is_part(mirror) && !is_in_place(mirror);
    }
    /// The mirror's page table is hooked in.
    bool is_in_place(const Mirror& mirror) const { return memory_.record(mirror.table).mappings != 0; }
    /// Instead of the huge page its page table, still empty. Nothing to do where that is there already.
    Result<void> divide(Client& client, Mirror& mirror, Word address);
    /// The client has nothing of its block any more, and its entry no longer shows it.
    void drop_block(Client& client, Mirror& mirror);
    // ---- giant pages (giants.cpp) ------------------------------------------------------------------------------------
    /// The block is part of a giant page, which may have fallen apart here.
    bool is_part(const Mirror& mirror) const {
        return !mirror.block.is_none() && memory_.pool().is_giant_page(mirror.block.chunk());
    }
    /// The giant page around an address is mapped as one page, or can be.
    bool is_whole_giant(const Client& client, Word address) const;
    /// There is a mirror for each part of one giant page around an address.
    bool has_all_parts(const Client& client, Word address) const;
    /// Nothing is mapped, and there are no page tables, in the GiB around an address.
    bool is_empty_gigabyte(const Client& client, Word address) const;
    /// Shows a giant page in an empty gigabyte, with all that it may fall apart into; others may have it, too. All or
    /// nothing: over_quota, no_memory_*, kernel_refused.
    Result<void> add_giant(Client& client, Word base, Giant giant, const sys::PageAccess& access);
    /// Shows it, whole, with other access.
    Result<void> map_giant(Client& client, Word base, const sys::PageAccess& access);
    /// Only reading is left.
    Result<void> protect_giant(Client& client, Word base);
    /// Instead of the giant page its page directory, still empty. Nothing to do where that is there already.
    Result<void> divide_giant(Client& client, Word address);
    /// The client has a block, or part of a giant page, and sees none of it yet.
    void note_block(Client& client, Mirror& mirror, Block block);

    static const uint8_t* piece(const Mirror& mirror, Word address) {
        return kernel_memory::block_bytes(mirror.block.chunk()) + address % table_span / page_size * page_size;
    }

    static Word copy_slot(const Mirror& mirror, Word address) {
        const auto index = static_cast<unsigned>(address / page_size % table_entries);
        return kernel_memory::copy_slot(mirror.copies[index / copies_per_page], index % copies_per_page);
    }
    static kernel_memory::Entries entries_at(const Mirror& mirror, Word address, Word count = 1) {
        return {mirror.table, address, count};
    }
    /// Calls `visit(mirror, address of its first entry)` for each page table of a client.
    template <class Visit>
    void for_each(const Client& client, const Visit& visit) const {
        for (Page page = client.newest; !page.is_none(); page = Page{memory_.record(page).next_of_client})
            if (memory_.record(page).use == Use::mirror)
                visit(*at(page), memory_.record(page).address);
    }
    static Mirror* at(Page page) { return reinterpret_cast<Mirror*>(kernel_memory::bytes(page)); }

private:
    Result<Page> take(Client& client, abi::ObjectType type, Use use, Word address, uint8_t span_bits = 0);
    void give_back_since(Client& client, Page mark);
    Result<void> place(Client& client, Page structure, sys::MissingLevel level, Word address);
    Result<void> place_above(Client& client, sys::MissingLevel missing, Word address);
    Result<Mirror*> make(Client& client, Word base);
    Result<void> add_copies(Client& client, Mirror& mirror, Word address);
    Result<void> put_in_place(Client& client, Mirror& mirror, Word base);
    static kernel_memory::Entries block_entry(const Client& client, Word base) {
        constexpr unsigned block_bits = 21;
        return {client.pml4, base, 1, block_bits};
    }
    static kernel_memory::Entries giant_entry(const Client& client, Word base) {
        constexpr unsigned giant_bits = 30;
        return {client.pml4, base, 1, giant_bits};
    }
    Result<void> map_whole(Client& client, const kernel_memory::Entries& entry, Word source, Word into,
                           const sys::PageAccess& access);
    Result<void> make_parts(Client& client, Word base);
    Result<void> show_parts(Client& client, Word base, const sys::PageAccess& access);
    void let_go(Client& client, Mirror& mirror, Entry entry);

    Memory& memory_;
    Swap& swap_;
};

/// Errors of the kernel as errors of the pager.
Result<void> or_refused(Result<void> result);

} // namespace pager
