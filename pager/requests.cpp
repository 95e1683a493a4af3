// SPDX-License-Identifier: BSD-2-Clause
// Requests of clients for their own address spaces. Check everything, then let AddressSpaces do it.
#include <pager/server.hpp>

#include <algorithm>
#include <bit>
#include <pager/capabilities.hpp>
#include <pager/startup.hpp>

namespace pager {

using protocol::Error;

namespace {

constexpr bool has(Word bits, Word bit) { return (bits & bit) != 0; }
constexpr uint8_t widest_around = 16;

} // namespace

protocol::Mapped Server::mapped(const Region& region, const Client& client) const {
    protocol::Mapped reply{region.guard().end, 0};
    for (Word address = region.range.start; address < region.range.end;) {
        const Word end = std::min(region.range.end, (address / table_span + 1) * table_span);
        if (Mirror* const mirror = tables_.find(client, address); mirror != nullptr) {
            reply.pages_present += mirror->pieces;
            for (Word page = address; page < end; page += page_size)
                reply.pages_present += mirror->at(page).is_page() || mirror->at(page).is_lent() ? 1 : 0;
        }
        address = end;
    }
    return reply;
}

Result<protocol::Mapped> Server::map_region(Client& client, Region region, Word address, Word size, Word options,
                                            Word request) {
    if (const Region* const made = client.regions.made_by(request))
        return mapped(*made, client);
    TRY(checked_range(0, size));
    region.is_huge = region.backing == Backing::anonymous && size >= table_span &&
                     has(options, protocol::option::huge | protocol::option::populate);
    const Word alignment = !region.is_huge ? page_size : size < giant_span ? table_span : giant_span;
    region.range = address == 0 ? TRY(client.regions.find_gap(size, first_free_choice + client.slide, alignment))
                                : TRY(checked_range(address, size));
    region.request = request;
    if (has(options, protocol::option::sequential))
        region.fault_around = widest_around;
    const Range present = has(options, protocol::option::populate) ? region.range : Range{};
    return mapped(*TRY(spaces_.map(client, region, present)), client);
}

Result<protocol::Mapped> Server::map_anonymous(Badge badge, const protocol::MapAnonymous& request) {
    Client* const client = TRY(client_of(badge, request.client));
    TRY(check_rights(request.rights));
    const Region region{.backing = Backing::anonymous,
                        .writable = has(request.rights, protocol::access::write),
                        .executable = has(request.rights, protocol::access::execute)};
    const protocol::Mapped done =
        TRY(map_region(*client, region, request.address, request.size, request.options, request.request));
    if (badge.value == protocol::init_badge)
        announce_mapping(*client, *client->regions.find(done.address), done.pages_present);
    return done;
}

Result<protocol::Unmap::Reply> Server::unmap(Badge badge, const protocol::Unmap& request) {
    Client* const client = TRY(client_of(badge, request.client));
    for (const Client::Ended& ended : client->ended)
        if (request.request != 0 && ended.request == request.request)
            return protocol::Unmap::Reply{ended.pages_freed};
    Region* const region = client->regions.find(request.address);
    if (region == nullptr || region->range.start != request.address)
        return Error::no_such_region;
    return protocol::Unmap::Reply{TRY(spaces_.unmap(*client, *region, request.request))};
}

Result<protocol::Mapped> Server::populate(Badge badge, const protocol::Populate& request) {
    Client* const client = TRY(client_of(badge, request.client));
    const Range range = TRY(checked_range(request.address, request.size));
    TRY(spaces_.populate(*client, range));
    return protocol::Mapped{range.start, range.pages()};
}

Result<protocol::MapArchive::Reply> Server::map_archive(Badge badge, const protocol::MapArchive& request) {
    Client* const client = TRY(client_of(badge, request.client));
    const auto& block = startup();
    for (Word i = 0; i < block.lent_count; ++i) {
        const auto& lent = block.lent[i];
        if (lent.kind != sys::protocol::pager_startup::LentKind::archive)
            continue;
        const Region region{.backing = Backing::lent, .source = lent.first_slot};
        const protocol::Mapped done =
            TRY(map_region(*client, region, 0, lent.pages * page_size, protocol::option::populate, request.request));
        return protocol::MapArchive::Reply{done.address, block.archive_size};
    }
    return Error::bad_archive_range;
}

Result<protocol::Advise::Reply> Server::advise(Badge badge, const protocol::Advise& request) {
    Client* const client = TRY(existing(badge.value));
    const Range range = TRY(checked_range(request.address, request.size));
    Region* const region = client->regions.find(range.start);
    if (region == nullptr || !region->range.contains(range.end - 1) || region->guard().contains(range.start))
        return Error::no_such_region;
    switch (static_cast<protocol::Advice>(request.advice)) {
    case protocol::Advice::prefetch:
        TRY(spaces_.populate(*client, range));
        return protocol::Advise::Reply{range.pages()};
    case protocol::Advice::sequential: region->fault_around = widest_around; return protocol::Advise::Reply{};
    case protocol::Advice::random: region->fault_around = 1; return protocol::Advise::Reply{};
    case protocol::Advice::evict: return protocol::Advise::Reply{spaces_.evict(*client, range)};
    }
    return sys::ErrorCode::invalid_value;
}

Result<sys::Empty> Server::watch_pressure(Badge badge) {
    Client* const client = TRY(existing(badge.value));
    if (client->watcher == 0) {
        uint64_t taken = 0;
        for (const Client* other = clients_.first(); other != nullptr; other = clients_.next(*other))
            taken |= other->watcher == 0 ? 0 : uint64_t{1} << (other->watcher - 1);
        if (taken == ~uint64_t{0})
            return sys::Error(sys::ErrorCode::out_of_slots, capabilities::max_watchers);
        client->watcher = static_cast<uint32_t>(std::countr_one(taken)) + 1;
    }
    const Result<void> kept = capabilities::keep_watcher(client->watcher - 1);
    if (!kept) {
        client->watcher = 0;
        return sys::ErrorCode::invalid_value;
    }
    return sys::Empty{};
}

Result<protocol::AttachSwap::Reply> Server::attach_swap(Badge badge, const protocol::AttachSwap& request,
                                                        const sys::Incoming& incoming) {
    const auto object_badge = incoming.unwrapped(0);
    Client* const client = TRY(existing(badge.value));
    if (!client->is(protocol::trait::swap) || request.slots == 0)
        return Error::no_swap;
    Client* const object = object_badge ? clients_.find(object_badge->value) : nullptr;
    if (object == nullptr || !object->is_object() || object->owner != badge.value)
        return Error::no_such_object;
    if (object->swap_slots == 0)
        for (const Client* other = clients_.first(); other != nullptr; other = clients_.next(*other))
            if (other->swap_slots != 0)
                return Error::no_swap;
    const Page page = TRY(spaces_.give(*object, object_base));
    if (object->swap_slots == 0) {
        if (!capabilities::keep_swap_server())
            return sys::ErrorCode::invalid_value;
        commit(object->swap_slots, static_cast<uint32_t>(std::min<Word>(request.slots, Swap::max_slots)));
    }
    if (!object->is_swap_attached)
        offered_ = object;
    return protocol::AttachSwap::Reply{memory_.pool().physical(page)};
}

/// The server has its answer, and receives: from now on it may be asked.
void Server::attach_offered_swap() {
    swap_.attach(offered_->swap_slots);
    swap_store::use(tables_.entry(*offered_, object_base).page());
    commit(offered_->is_swap_attached, true);
    offered_ = nullptr;
}

} // namespace pager
