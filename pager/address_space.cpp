// SPDX-License-Identifier: BSD-2-Clause
// Building address spaces: regions come and go, pages are mapped.
#include <pager/address_space.hpp>

#include <algorithm>
#include <string.h>

namespace pager {

using protocol::Error;

Result<Client*> AddressSpaces::begin(Word number, const Limits& limits, Word request) {
    if (memory_.is_short())
        clock_.make_room();
    Client& client = *TRY(clients_.add(number, request));
    client.quota_frames = limits.frames;
    client.quota_tables = limits.tables;
    const Result<void> root = tables_.create_root(client);
    if (!root) {
        destroy(client);
        return root.error();
    }
    return &client;
}

Result<Client*> AddressSpaces::create(Word number, const Limits& limits, Word request) {
    Client* const client = TRY(begin(number, limits, request));
    commit(client->state, ClientState::there);
    return client;
}

void AddressSpaces::drop_object_if_unused(Word number) {
    Client* const object = clients_.find(number);
    if (object != nullptr && object->users == 0 && object->owner == 0)
        destroy(*object);
}

Word AddressSpaces::destroy(Client& client) {
    commit(client.state, ClientState::going);
    const Word number = client.number;
    if (client.is_swap_attached)
        swap_.detach(); // before the page may be anybody else's
    clock_.forget(client);
    const Word pages = tables_.destroy(client);
    Word shown[RegionMap::capacity] = {};
    for (unsigned i = 0; i < RegionMap::capacity; ++i) {
        const Region& region = client.regions[i];
        if (region.state == RegionState::none || region.backing != Backing::object)
            continue;
        shown[i] = region.object;
        --clients_.find(region.object)->users;
    }
    clients_.remove(client);
    for (const Word object : shown)
        drop_object_if_unused(object);
    for (Client* object = clients_.first(); object != nullptr;) {
        Client* const next = clients_.next(*object);
        if (object->is_object() && object->owner == number) {
            object->owner = 0;
            if (object->users == 0)
                destroy(*object); // it shows no objects, so nothing else goes with it
        }
        object = next;
    }
    return pages;
}

Result<Region*> AddressSpaces::map(Client& client, const Region& region, Range present) {
    Region* const place = TRY(client.regions.insert(region));
    if (region.backing == Backing::object)
        ++clients_.find(region.object)->users;
    const Result<void> done = populate(client, present);
    if (!done) {
        TRY(unmap(client, *place, 0));
        return done.error();
    }
    commit(place->state, RegionState::there);
    return place;
}

Result<Word> AddressSpaces::unmap(Client& client, Region& region, Word request) {
    region.request = request;
    commit(region.state, RegionState::going);
    return finish_unmap(client, region);
}

Result<Word> AddressSpaces::finish_unmap(Client& client, Region& region) {
    const Word freed = TRY(tables_.clear(client, region.range));
    if (region.request != 0) {
        Client::Ended& ended = client.ended[client.next_ended++ % std::size(client.ended)];
        ended.pages_freed = freed;
        commit(ended.request, region.request);
    }
    client.regions.remove(region);
    if (region.backing == Backing::object) {
        --clients_.find(region.object)->users;
        drop_object_if_unused(region.object);
    }
    return freed;
}

Result<void> AddressSpaces::provide(Client& client, Region& region, Word address, bool write) {
    const Supply supply = TRY(this->supply(client, region, address, write));
    const Word into = Tables::copy_slot(*supply.mirror, address);
    const Result<void> mapped =
        kernel_memory::map_copies(Tables::entries_at(*supply.mirror, address), supply.source, into, supply.access);
    if (!mapped) {
        drop(supply);
        return or_refused(mapped);
    }
    settle(supply);
    return {};
}

Result<void> AddressSpaces::populate(Client& client, Range range) {
    for (Word address = range.start; address < range.end; address += page_size) {
        const Decision decision = decide(client.regions, {.address = address});
        if (decision.refusal != Refusal::none)
            return Error::no_such_region;
        if (tables_.is_whole_giant(client, address)) {
            address += giant_span - address % giant_span - page_size;
            continue;
        }
        if (address % table_span == 0 && TRY(provide_block(client, *decision.region, address, false))) {
            address += table_span - page_size;
            continue;
        }
        if (!tables_.entry(client, address).is_page())
            TRY(provide(client, *decision.region, address, false));
    }
    return {};
}

Word AddressSpaces::evict(Client& client, Range range) {
    Word evicted = 0;
    for (Word address = range.start; address < range.end; address += page_size) {
        Mirror* const mirror = tables_.find(client, address);
        if (mirror == nullptr)
            continue;
        evicted += (mirror->is_piece(address) ? clock_.evict_piece(client, *mirror, address)
                                              : clock_.evict(client, *mirror, address))
                       ? 1
                       : 0;
    }
    return evicted;
}

void AddressSpaces::release_object(Client& object) {
    object.owner = 0;
    drop_object_if_unused(object.number);
}

Result<Page> AddressSpaces::give(Client& client, Word address) {
    const Decision decision = decide(client.regions, {.address = address});
    if (decision.refusal != Refusal::none || decision.region->backing == Backing::lent)
        return Error::no_such_region;
    TRY(provide(client, *decision.region, decision.page, decision.region->writable));
    const Page page = tables_.entry(client, address).page();
    memory_.record(page).is_given = true;
    return page;
}

namespace {

/// Data of an image may be changed before the program runs (relocation), though the program itself may not.
bool may_be_filled(const Region& region) {
    return region.backing != Backing::lent &&
           (region.writable || (region.backing == Backing::image && !region.executable));
}

} // namespace

Result<void> AddressSpaces::write(Client& client, Word address, std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
        const Decision decision = decide(client.regions, {.address = address});
        if (decision.refusal != Refusal::none || !may_be_filled(*decision.region))
            return Error::not_writable;
        TRY(provide(client, *decision.region, decision.page, decision.region->writable));
        const Page page = tables_.entry(client, address).page();
        const Word offset = address - decision.page;
        const size_t count = std::min<size_t>(bytes.size(), page_size - offset);
        memory_.record(page).is_known = false;
        memcpy(kernel_memory::bytes(page) + offset, bytes.data(), count);
        address += count;
        bytes = bytes.subspan(count);
    }
    return {};
}

} // namespace pager
