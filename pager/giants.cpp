// SPDX-License-Identifier: BSD-2-Clause
// Giant pages of 1 GiB in the tables of clients. Each has a mirror and a page table for each of its 512 parts, and a page
// directory, that wait for it to fall apart, so that this never fails for want of memory. From then on its parts are blocks
// that are not mapped as such: what is touched of them is copied.
//
// The page directory is taken after all parts were noted, and hooked in before any of them goes: one that is there and not
// hooked in says, to a new instance of the pager too, that the giant page is whole.
#include <pager/tables.hpp>

namespace pager {

namespace {

constexpr uint8_t directory_bits = 30;

constexpr Word base_of(Word address) { return address / giant_span * giant_span; }

} // namespace

bool Tables::is_whole_giant(const Client& client, Word address) const {
    const Mirror* const first = find(client, base_of(address));
    return first != nullptr && is_part(*first) && !first->directory.is_none() &&
           memory_.record(first->directory).mappings == 0;
}

bool Tables::has_all_parts(const Client& client, Word address) const {
    const Word base = base_of(address);
    const Mirror* const first = find(client, base);
    if (first == nullptr || !is_part(*first))
        return false;
    for (uint32_t i = 0; i < Giant::parts; ++i) {
        const Mirror* const mirror = find(client, base + i * table_span);
        if (mirror == nullptr || mirror->block != Block::of_chunk(first->block.chunk() + i))
            return false;
    }
    return true;
}

bool Tables::is_empty_gigabyte(const Client& client, Word address) const {
    const Word base = base_of(address);
    for (Word part = base; part < base + giant_span; part += table_span)
        if (find(client, part) != nullptr)
            return false;
    for (Page page = client.newest; !page.is_none(); page = Page{memory_.record(page).next_of_client}) {
        const PageRecord& record = memory_.record(page);
        if (record.use == Use::structure && record.span_bits == directory_bits && record.address == base)
            return false;
    }
    return true;
}

/// Mirrors and page tables for all parts, and room for the capability.
Result<void> Tables::make_parts(Client& client, Word base) {
    for (Word part = base; part < base + giant_span; part += table_span)
        TRY(make(client, part));
    return add_copies(client, *find(client, base), base);
}

/// All parts were noted; the page directory says that they are one page.
Result<void> Tables::show_parts(Client& client, Word base, const sys::PageAccess& access) {
    find(client, base)->directory =
        TRY(take(client, abi::ObjectType::page_directory, Use::structure, base, directory_bits));
    return map_giant(client, base, access);
}

Result<void> Tables::add_giant(Client& client, Word base, Giant giant, const sys::PageAccess& access) {
    const Page before = client.newest;
    const Result<void> made = make_parts(client, base);
    if (!made) {
        give_back_since(client, before);
        return made;
    }
    const Page parts_end = client.newest;
    uint32_t chunk = giant.first_chunk();
    for (Word part = base; part < base + giant_span; part += table_span)
        note_block(client, *find(client, part), Block::of_chunk(chunk++));
    const Result<void> shown = show_parts(client, base, access);
    if (shown)
        return {};
    give_back_since(client, parts_end);
    for (Word part = base; part < base + giant_span; part += table_span)
        drop_block(client, *find(client, part));
    give_back_since(client, before);
    return shown;
}

Result<void> Tables::map_giant(Client& client, Word base, const sys::PageAccess& access) {
    const Mirror& first = *find(client, base);
    const Giant giant = Giant::of_chunk(first.block.chunk());
    return map_whole(client, giant_entry(client, base), kernel_memory::giant_slot(giant), copy_slot(first, base),
                     access);
}

Result<void> Tables::protect_giant(Client& client, Word base) {
    return or_refused(kernel_memory::protect(giant_entry(client, base)));
}

Result<void> Tables::divide_giant(Client& client, Word address) {
    if (!is_whole_giant(client, address))
        return {};
    const Word base = base_of(address);
    TRY(or_refused(kernel_memory::unmap(giant_entry(client, base), 0)));
    return place(client, find(client, base)->directory, sys::MissingLevel::page_directory, base);
}

} // namespace pager
