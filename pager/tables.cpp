// SPDX-License-Identifier: BSD-2-Clause
// A request that fails halfway gives back the pages that it took: they are the newest of the client's list.
#include <pager/tables.hpp>

#include <algorithm>

namespace pager {

using protocol::Error;

Result<void> or_refused(Result<void> result) {
    if (result || !result.error().is_kernel())
        return result;
    return sys::Error(Error::kernel_refused, result.error().label(), result.error().detail(0),
                      result.error().detail(1));
}

Result<Page> Tables::take(Client& client, abi::ObjectType type, Use use, Word address, uint8_t span_bits) {
    if (client.tables >= client.quota_tables)
        return sys::Error(Error::over_quota, 0);
    const Page page = TRY(memory_.take_for(client, type, use, address, span_bits));
    ++client.tables;
    return page;
}

void Tables::give_back_since(Client& client, Page mark) {
    while (client.newest != mark) {
        memory_.give_back_newest(client);
        --client.tables;
    }
}

Mirror* Tables::find(const Client& client, Word address) const {
    const Page page = memory_.pool().find(client.self.number, address / table_span * table_span);
    return page.is_none() ? nullptr : at(page);
}

Result<void> Tables::create_root(Client& client) {
    constexpr uint8_t pml4_span = 48;
    const Page pml4 = TRY(take(client, abi::ObjectType::pml4, Use::structure, 0, pml4_span));
    client.pml4 = pml4;
    TRY(or_refused(kernel_memory::assign_space_number(pml4)));
    return or_refused(kernel_memory::set_keeper(pml4));
}

/// Maps a structure; where levels above it are missing they are made and mapped first.
Result<void> Tables::place(Client& client, Page structure, sys::MissingLevel level, Word address) {
    for (;;) {
        const Result<void> mapped = kernel_memory::map_structure(structure, level, client.pml4, address);
        if (mapped)
            memory_.record(structure).mappings = 1;
        if (mapped || !sys::is_missing_level(mapped.error()))
            return or_refused(mapped);
        TRY(place_above(client, sys::missing_level(mapped.error()), address));
    }
}

Result<void> Tables::place_above(Client& client, sys::MissingLevel missing, Word address) {
    const auto bits = static_cast<uint8_t>(missing);
    const Page above = TRY(take(client, sys::object_for(missing), Use::structure, address >> bits << bits, bits));
    return place(client, above, missing, address);
}

Result<Mirror*> Tables::make(Client& client, Word base) {
    const Page page = TRY(take(client, abi::ObjectType::frame_4k, Use::mirror, base));
    Mirror& mirror = *::new (kernel_memory::bytes(page)) Mirror{};
    constexpr auto table_bits = static_cast<uint8_t>(sys::MissingLevel::page_table);
    mirror.table = TRY(take(client, abi::ObjectType::page_table, Use::structure, base, table_bits));
    return &mirror;
}

Result<void> Tables::add_copies(Client& client, Mirror& mirror, Word address) {
    Page& copies = mirror.copies[address / page_size % table_entries / copies_per_page];
    constexpr Word span = copies_per_page * page_size;
    if (copies.is_none())
        copies = TRY(take(client, abi::ObjectType::cnode, Use::copies, address / span * span));
    return {};
}

Result<Mirror*> Tables::ensure(Client& client, Word address) {
    const Word base = address / table_span * table_span;
    Mirror* mirror = find(client, address);
    if (mirror == nullptr || !is_in_place(*mirror)) {
        const Page mark = client.newest;
        const Result<Mirror*> made = mirror == nullptr ? make(client, base) : Result<Mirror*>(mirror);
        const Result<void> placed = made ? put_in_place(client, **made, base) : Result<void>(made.error());
        if (!placed) {
            give_back_since(client, mark);
            return placed.error();
        }
        mirror = *made;
    }
    TRY(add_copies(client, *mirror, address));
    return mirror;
}

/// What an entry named, or stood for, is no longer there through it.
void Tables::let_go(Client& client, Mirror& mirror, Entry entry) {
    if (entry.is_empty() && !mirror.block.is_none()) {
        --client.frames;
        if (--mirror.pieces == 0)
            drop_block(client, mirror);
        return;
    }
    if (entry.is_swapped()) {
        swap_.release(entry.slot());
        --client.swapped;
    }
    if (!entry.is_page())
        return;
    --mirror.present;
    --client.frames;
    PageRecord& record = memory_.record(entry.page());
    if (--record.mappings != 0)
        return;
    if (record.swap_slot != 0)
        swap_.release(record.swap_slot - 1);
    memory_.put_back_frame(entry.page());
}

void Tables::note_page(Client& client, Mirror& mirror, Word address, Page page) {
    Entry& entry = mirror.at(address);
    if (entry.is_page() && entry.page() == page)
        return;
    ++memory_.record(page).mappings;
    let_go(client, mirror, entry);
    entry = Entry::of_page(page);
    ++mirror.present;
    ++client.frames;
}

void Tables::note(Client& client, Mirror& mirror, Word address, Entry entry) {
    let_go(client, mirror, mirror.at(address));
    mirror.at(address) = entry;
    client.swapped += entry.is_swapped() ? 1 : 0;
}

Result<Word> Tables::clear(Client& client, Range range) {
    Word freed = 0;
    for (Word address = range.start; address < range.end;) {
        const Word end = std::min(range.end, (address / table_span + 1) * table_span);
        Mirror* const mirror = find(client, address);
        if (mirror != nullptr && !mirror->block.is_none()) { // whole or not, it belongs to one region
            if (is_part(*mirror))
                TRY(divide_giant(client, address));
            if (is_whole(*mirror))
                TRY(or_refused(kernel_memory::unmap(block_entry(client, address), 0)));
            freed += mirror->pieces;
            drop_block(client, *mirror);
        }
        if (mirror != nullptr && is_in_place(*mirror)) {
            const auto entries = entries_at(*mirror, address, (end - address) / page_size);
            TRY(or_refused(kernel_memory::unmap(entries, 0)));
            kernel_memory::set_cookie(entries, 0);
            for (Word page = address; page < end; page += page_size) {
                freed += mirror->at(page).is_page() ? 1 : 0;
                note(client, *mirror, page, Entry());
            }
        }
        address = end;
    }
    return freed;
}

Word Tables::destroy(Client& client) {
    const Word pages = client.frames + client.tables;
    // Without its root the space maps nothing, and the rest goes without a look at the tables.
    if (!client.pml4.is_none())
        kernel_memory::reclaim(client.pml4);
    for_each(client, [&](Mirror& mirror, Word base) {
        drop_block(client, mirror);
        for (Word i = 0; i < table_entries; ++i)
            note(client, mirror, base + i * page_size, Entry());
    });
    give_back_since(client, client.self);
    client.pml4 = no_page;
    return pages;
}

} // namespace pager
