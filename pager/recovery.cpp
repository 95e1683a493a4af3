// SPDX-License-Identifier: BSD-2-Clause
// In this order: chunks, clients, what belongs to clients, tables, frames that nobody maps, half-done steps.
#include <pager/recovery.hpp>

#include <sys/util/panic.hpp>

namespace pager {

using kernel_memory::Made;

namespace {

constexpr uint8_t table_bits = 21, directory_bits = 30, root_bits = 48;

bool is_structure(abi::SlotType type) {
    return type == abi::SlotType::pml4 || type == abi::SlotType::pdpt || type == abi::SlotType::page_directory ||
           type == abi::SlotType::page_table;
}

/// Whether what is made of a page is what its record says.
bool is_as_recorded(const PageRecord& record, const Made& made) {
    switch (record.use) {
    case Use::structure: // some wait for their huge or giant page to fall apart
        return is_structure(made.type) &&
               (made.is_mapped || record.span_bits == table_bits || record.span_bits == directory_bits);
    case Use::mirror:
    case Use::client: return made.type == abi::SlotType::frame && made.is_mapped;
    case Use::copies: return made.type == abi::SlotType::cnode;
    case Use::free:
    case Use::frame:
    case Use::own: return false;
    }
    return false;
}

} // namespace

void Recovery::adopt_giants() {
    PagePool& pool = memory_.pool();
    pool.for_each_giant([&](Giant giant) {
        switch (kernel_memory::state_of(giant)) {
        case kernel_memory::GiantState::whole: break;
        case kernel_memory::GiantState::unfinished: kernel_memory::make_whole(giant); break;
        case kernel_memory::GiantState::chunks: pool.make_chunks(giant); break;
        case kernel_memory::GiantState::page:
            // As with blocks.
            if (kernel_memory::show_giant(giant))
                pool.make_giant(giant);
            else
                kernel_memory::make_whole(giant);
            break;
        }
    });
}

void Recovery::adopt_chunks() {
    for (uint32_t chunk = 0; chunk < memory_.pool().chunk_count(); ++chunk) {
        if (!memory_.pool().is_made(chunk))
            continue;
        switch (kernel_memory::state_of(chunk)) {
        case kernel_memory::ChunkState::whole: break;
        case kernel_memory::ChunkState::unfinished: kernel_memory::make_whole(chunk); break;
        case kernel_memory::ChunkState::block:
            // One that was not shown yet was not mapped for anybody either.
            if (kernel_memory::show_block(chunk))
                memory_.pool().make_block(chunk);
            else
                kernel_memory::make_whole(chunk);
            break;
        case kernel_memory::ChunkState::cut:
            memory_.pool().adopt(chunk, kernel_memory::records_of(chunk));
            look_at_pages(chunk);
            break;
        }
    }
}

void Recovery::look_at_pages(uint32_t chunk) {
    Made made[abi::max_inspect];
    for (unsigned first = 0; first < chunk_pages;) {
        const unsigned wanted = chunk_pages - first < abi::max_inspect ? chunk_pages - first : abi::max_inspect;
        const unsigned shown = kernel_memory::inspect(chunk, first, {made, wanted});
        if (shown == 0)
            sys::panic("the pager cannot look into its own capabilities");
        for (unsigned i = 0; i < shown; ++i)
            look_at(Page{chunk << 9 | (first + i)}, made[i]);
        first += shown;
    }
}

/// Whom a page belongs to is not known yet: clients and their pages wait in a list of their own until all have been seen.
void Recovery::look_at(Page page, const Made& made) {
    PageRecord& record = memory_.record(page);
    if (record.use == Use::own)
        return;
    if (is_as_recorded(record, made)) {
        if (record.use == Use::client) {
            const Client& client = *ClientTable::at(page);
            if (client.state != ClientState::none && client.self == page && client.number == record.address)
                return clients_.adopt(page);
        } else {
            if (record.use == Use::structure)
                record.mappings = made.is_mapped ? 1 : 0;
            return keep(page);
        }
    }
    if (made.type == abi::SlotType::frame && made.is_mapped) {
        if (record.use != Use::frame)
            record = {};
        record.use = Use::frame;
        record.mappings = 0;
        record.swap_slot = 0;
        record.is_known = false;
        record.is_held = false; // is_given stays as it is, at every moment
        memory_.pool().mark_taken(page);
        return;
    }
    if (made.type != abi::SlotType::empty)
        kernel_memory::reclaim(page);
    record = {};
}

/// Whose mirror names a block that is not there was about to get it, or to lose it.
void Recovery::adopt_block(Client& client, Mirror& mirror) {
    if (mirror.block.is_none())
        return;
    if (!memory_.pool().is_block(mirror.block.chunk())) {
        mirror.block = Block{};
        return;
    }
    ++memory_.pool().block_users(mirror.block);
    mirror.pieces = table_entries; // those that have left it come off when the table is read
    client.frames += table_entries;
}

void Recovery::put_back_unused_blocks() {
    PagePool& pool = memory_.pool();
    for (uint32_t chunk = 0; chunk < pool.chunk_count(); ++chunk)
        if (pool.is_block(chunk) && pool.block_users(Block::of_chunk(chunk)) == 0)
            memory_.put_back_block(Block::of_chunk(chunk));
}

void Recovery::keep(Page page) {
    memory_.pool().mark_taken(page);
    memory_.record(page).is_held = true; // until its client is found
}

template <class Visit>
void Recovery::for_each_held(Use use, const Visit& visit) {
    PagePool& pool = memory_.pool();
    for (uint32_t chunk = 0; chunk < pool.chunk_count(); ++chunk) {
        for (unsigned index = 0; pool.is_cut(chunk) && index < chunk_pages; ++index) {
            const Page page{chunk << 9 | index};
            PageRecord& record = pool.record(page);
            if (record.use != use || !record.is_held)
                continue;
            record.is_held = false;
            visit(page, record, owner_of(record));
        }
    }
}

/// The client that a record names, if it is still there.
Client* Recovery::owner_of(const PageRecord& record) const {
    const Page page{record.client};
    if (page.is_none() || page.chunk() >= memory_.pool().chunk_count() || !memory_.pool().is_cut(page.chunk()) ||
        page.index() >= chunk_pages || memory_.record(page).use != Use::client)
        return nullptr;
    return ClientTable::at(page);
}

void Recovery::enter(Client& client, Page page) {
    const PageRecord record = memory_.record(page);
    memory_.pool().enter(page, client.self.number, record.address, record.use, client.newest);
    ++client.tables;
}

void Recovery::destroy(Page page) {
    kernel_memory::reclaim(page);
    memory_.pool().release(page);
}

/// A mirror is of use if its table is there, and a table or CNode of copies if its mirror is.
void Recovery::connect() {
    for_each_held(Use::mirror, [&](Page page, PageRecord& record, Client* owner) {
        Mirror& mirror = *Tables::at(page);
        const Page table = mirror.table;
        const bool has_table = !table.is_none() && memory_.pool().is_cut(table.chunk()) && table.index() < chunk_pages;
        const PageRecord found = has_table ? memory_.record(table) : PageRecord{};
        if (owner == nullptr || found.use != Use::structure || !found.is_held || found.span_bits != table_bits ||
            found.client != record.client || found.address != record.address) {
            record = {};
            record.use = Use::frame;
            return;
        }
        mirror.forget(); // all but its table: without that, a death right now would lose what it maps
        adopt_block(*owner, mirror);
        enter(*owner, page);
    });
    for_each_held(Use::structure, [&](Page page, const PageRecord& record, Client* owner) {
        if (owner == nullptr)
            return destroy(page);
        if (record.span_bits == table_bits) {
            const Mirror* const mirror = tables_.find(*owner, record.address);
            if (mirror == nullptr || mirror->table != page)
                return destroy(page);
        }
        if (record.span_bits == directory_bits && record.mappings == 0) {
            if (!tables_.has_all_parts(*owner, record.address))
                return destroy(page);
            tables_.find(*owner, record.address)->directory = page;
        }
        if (record.span_bits == root_bits)
            owner->pml4 = page;
        enter(*owner, page);
    });
    for_each_held(Use::copies, [&](Page page, const PageRecord& record, Client* owner) {
        Mirror* const mirror = owner == nullptr ? nullptr : tables_.find(*owner, record.address);
        if (mirror == nullptr)
            return destroy(page);
        Page& place = mirror->copies[record.address / page_size % table_entries / copies_per_page];
        if (!place.is_none())
            return destroy(page);
        place = page;
        enter(*owner, page);
    });
}

void Recovery::read_entry(Client& client, Mirror& mirror, Word address, sys::pager::TableEntry entry) {
    if (entry.is_present()) {
        const Page page = memory_.pool().page_at(entry.physical());
        if (page.is_none() || memory_.record(page).use != Use::frame)
            return tables_.note(client, mirror, address, Entry::of_lent());
        return tables_.note_page(client, mirror, address, page);
    }
    if (entry.cookie() == 0)
        return;
    swap_.retain(slot_of(entry.cookie()));
    tables_.note(client, mirror, address, Entry::of_slot(slot_of(entry.cookie())));
}

void Recovery::read_table(Client& client, Mirror& mirror, Word base) {
    if (!tables_.is_in_place(mirror))
        return;
    sys::pager::TableEntry entries[abi::max_read];
    for (unsigned first = 0; first < table_entries;) {
        const Word address = base + first * page_size;
        const unsigned shown = kernel_memory::read(Tables::entries_at(mirror, address, table_entries - first), entries);
        if (shown == 0)
            sys::panic("the pager cannot read a table of its own");
        for (unsigned i = 0; i < shown; ++i)
            read_entry(client, mirror, address + i * page_size, entries[i]);
        first += shown;
    }
}

void Recovery::put_back_unmapped() {
    PagePool& pool = memory_.pool();
    for (uint32_t chunk = 0; chunk < pool.chunk_count(); ++chunk) {
        for (unsigned index = 0; pool.is_cut(chunk) && index < chunk_pages; ++index) {
            const Page page{chunk << 9 | index};
            if (pool.record(page).use == Use::frame && pool.record(page).mappings == 0)
                memory_.put_back_frame(page);
        }
    }
}

/// Finishes or undoes what one client was in the middle of; whether that changed anything.
bool Recovery::finish_step(Client& client) {
    if (client.state != ClientState::there || (client.is_object() && client.owner == 0 && client.users == 0)) {
        spaces_.destroy(client);
        return true;
    }
    for (unsigned i = 0; i < RegionMap::capacity; ++i) {
        Region& region = client.regions[i];
        if (region.state == RegionState::none || region.state == RegionState::there)
            continue;
        // What came goes again, unnoticed: it will be asked for once more.
        const bool was_coming = region.state == RegionState::coming;
        const auto done = was_coming ? spaces_.unmap(client, region, 0) : spaces_.finish_unmap(client, region);
        if (!done)
            sys::panic("the pager cannot unmap what its predecessor mapped");
        return true;
    }
    return false;
}

void Recovery::count_users() {
    for (Client* client = clients_.first(); client != nullptr; client = clients_.next(*client)) {
        if (client->owner != 0 && clients_.find(client->owner) == nullptr)
            client->owner = 0;
        if (client->is_swap_attached) {
            swap_.attach(client->swap_slots);
            swap_store::use(tables_.entry(*client, object_base).page());
            swap_store::wait_until_idle();
        } else if (client->swap_slots != 0) {
            swap_store::greet();
        }
        for (unsigned i = 0; i < RegionMap::capacity; ++i) {
            const Region& region = client->regions[i];
            if (region.state != RegionState::none && region.backing == Backing::object)
                ++clients_.find(region.object)->users;
        }
    }
}

Word Recovery::run() {
    adopt_giants();
    adopt_chunks();
    connect();
    put_back_unused_blocks();
    for (Client* client = clients_.first(); client != nullptr; client = clients_.next(*client))
        tables_.for_each(*client, [&](Mirror& mirror, Word base) { read_table(*client, mirror, base); });
    put_back_unmapped();
    count_users();
    for (Client* client = clients_.first(); client != nullptr;)
        client = finish_step(*client) ? clients_.first() : clients_.next(*client);
    return clients_.count();
}

} // namespace pager
