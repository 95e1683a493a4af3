// SPDX-License-Identifier: BSD-2-Clause
// Huge pages in the tables of clients. Each has a page table that waits for it to fall apart, so that this never fails for
// want of memory: when some of it is to be treated otherwise than the rest, the table takes its place, empty, and a piece
// is copied out when it is touched or has to go.
#include <pager/tables.hpp>

namespace pager {

Result<Mirror*> Tables::ensure_for_block(Client& client, Word address) {
    const Word base = address / table_span * table_span;
    Mirror* mirror = find(client, base);
    if (mirror == nullptr) {
        const Page mark = client.newest;
        const Result<Mirror*> made = make(client, base);
        if (!made) {
            give_back_since(client, mark);
            return made.error();
        }
        mirror = *made;
    }
    TRY(add_copies(client, *mirror, base));
    if (is_in_place(*mirror)) {
        TRY(or_refused(kernel_memory::remove_table(mirror->table)));
        memory_.record(mirror->table).mappings = 0;
    }
    return mirror;
}

void Tables::note_block(Client& client, Mirror& mirror, Block block) {
    if (!mirror.block.is_none())
        return;
    mirror.pieces = table_entries;
    client.frames += table_entries;
    ++memory_.pool().block_users(block);
    commit(mirror.block, block);
}

/// One entry for a huge or giant page; where tables above it are missing they are made.
Result<void> Tables::map_whole(Client& client, const kernel_memory::Entries& entry, Word source, Word into,
                               const sys::PageAccess& access) {
    for (;;) {
        const Result<void> mapped = kernel_memory::map_copies(entry, source, into, access);
        if (mapped || !sys::is_missing_level(mapped.error()))
            return or_refused(mapped);
        TRY(place_above(client, sys::missing_level(mapped.error()), entry.address));
    }
}

Result<void> Tables::map_block(Client& client, Mirror& mirror, Word base, Block block, const sys::PageAccess& access) {
    note_block(client, mirror, block);
    return map_whole(client, block_entry(client, base), kernel_memory::block_slot(block.chunk()),
                     copy_slot(mirror, base), access);
}

Result<void> Tables::protect_block(Client& client, Word base) {
    return or_refused(kernel_memory::protect(block_entry(client, base)));
}

bool Tables::was_accessed(Client& client, Word base) {
    const auto noted = kernel_memory::harvest(block_entry(client, base));
    return !noted || noted->accessed[0];
}

/// Where there is a huge page the table takes its place: what of it the client touches is copied from then on.
Result<void> Tables::put_in_place(Client& client, Mirror& mirror, Word base) {
    if (is_part(mirror))
        TRY(divide_giant(client, base));
    else if (!mirror.block.is_none())
        TRY(or_refused(kernel_memory::unmap(block_entry(client, base), 0)));
    return place(client, mirror.table, sys::MissingLevel::page_table, base);
}

Result<void> Tables::divide(Client& client, Mirror& mirror, Word address) {
    if (is_in_place(mirror))
        return {};
    return put_in_place(client, mirror, address / table_span * table_span);
}

void Tables::drop_block(Client& client, Mirror& mirror) {
    if (mirror.block.is_none())
        return;
    const Block block = mirror.block;
    client.frames -= mirror.pieces;
    mirror.pieces = 0;
    if (--memory_.pool().block_users(block) == 0)
        memory_.put_back_block(block);
    commit(mirror.block, Block{});
}

} // namespace pager
