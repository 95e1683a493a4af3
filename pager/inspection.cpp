// SPDX-License-Identifier: BSD-2-Clause
// What the pager tells about itself and its clients.
#include <pager/server.hpp>

#include <algorithm>
#include <pager/startup.hpp>

namespace pager {

using protocol::Error;

std::optional<sys::Message> Server::handle_inspection(const sys::Incoming& incoming) {
    using namespace protocol;
    const Badge badge = incoming.badge();
    return sys::Dispatch(incoming)
        .on<Statistics>([&](const Statistics&) { return statistics(badge); })
        .on<InspectClient>([&](const InspectClient& request) { return inspect_client(badge, request); })
        .on<InspectRegion>([&](const InspectRegion& request) { return inspect_region(badge, request); })
        .answer();
}

Result<protocol::Statistics::Reply> Server::statistics(Badge badge) {
    protocol::Statistics::Reply reply;
    reply.pages_total = memory_.pool().total();
    reply.pages_free = memory_.free_count();
    reply.clients = clients_.count();
    reply.faults_served = faults_served_;
    reply.faults_refused = faults_refused_;
    reply.requests = requests_;
    reply.swap_slots = swap_.slots();
    reply.swap_used = swap_.used();
    reply.swap_writes = swap_.written();
    reply.swap_reads = swap_.pages_read();
    reply.instances = startup().instances;
    if (const Client* const client = clients_.find(badge.value); client != nullptr) {
        reply.own_pages = client->frames;
        reply.own_tables = client->tables;
        reply.own_quota = client->quota_frames;
    }
    return reply;
}

Result<protocol::InspectClient::Reply> Server::inspect_client(Badge badge, const protocol::InspectClient& request) {
    const Client* const asking = clients_.find(badge.value);
    const bool may_all =
        badge.value == protocol::init_badge || (asking != nullptr && asking->is(protocol::trait::inspector));
    const Client* found = nullptr;
    for (const Client* client = clients_.first(); client != nullptr; client = clients_.next(*client)) {
        const bool is_wanted = client->number >= request.from && (may_all || client == asking);
        if (is_wanted && (found == nullptr || client->number < found->number))
            found = client;
    }
    if (found == nullptr)
        return protocol::InspectClient::Reply{};
    const FaultCounts& faults = found->faults;
    return protocol::InspectClient::Reply{found->number,       found->frames,  found->tables,     found->swapped,
                                          found->quota_frames, faults.served,  faults.zero,       faults.file,
                                          faults.shared,       faults.copied,  faults.swapped_in, faults.around,
                                          faults.refused,      faults.evicted, faults.huge,       faults.cycles};
}

namespace {

protocol::RegionKind kind_of(const Region& region) {
    switch (region.backing) {
    case Backing::anonymous: return protocol::RegionKind::anonymous;
    case Backing::stack: return protocol::RegionKind::stack;
    case Backing::image: return protocol::RegionKind::image;
    case Backing::lent: return protocol::RegionKind::lent;
    case Backing::object: break;
    }
    return region.is_private ? protocol::RegionKind::private_copy : protocol::RegionKind::shared;
}

} // namespace

Result<protocol::InspectRegion::Reply> Server::inspect_region(Badge badge, const protocol::InspectRegion& request) {
    const Client* const asking = clients_.find(badge.value);
    const bool may_all =
        badge.value == protocol::init_badge || (asking != nullptr && asking->is(protocol::trait::inspector));
    if (!may_all && request.client != badge.value)
        return Error::not_init;
    const Client* const client = clients_.find(request.client);
    if (client == nullptr)
        return Error::no_such_space;
    const Region* found = nullptr;
    for (unsigned i = 0; i < RegionMap::capacity; ++i) {
        const Region& region = client->regions[i];
        if (region.state == RegionState::there && region.range.end > request.from &&
            (found == nullptr || region.range.start < found->range.start))
            found = &region;
    }
    if (found == nullptr)
        return protocol::InspectRegion::Reply{};
    protocol::InspectRegion::Reply reply;
    reply.start = found->range.start;
    reply.end = found->range.end;
    reply.backing = static_cast<Word>(kind_of(*found));
    reply.rights =
        (found->writable ? protocol::access::write : 0) | (found->executable ? protocol::access::execute : 0);
    reply.faults = found->faults;
    tables_.for_each(*client, [&](Mirror& mirror, Word base) {
        if (found->range.contains(base)) {
            reply.resident += mirror.pieces;
            reply.huge += tables_.is_whole(mirror) || tables_.is_whole_giant(*client, base) ? table_entries : 0;
        }
        const Word end = std::min(found->range.end, base + table_span);
        for (Word address = std::max(found->range.start, base); address < end; address += page_size) {
            const Entry entry = mirror.at(address);
            reply.swapped += entry.is_swapped() ? 1 : 0;
            reply.resident += entry.is_page() || entry.is_lent() ? 1 : 0;
            reply.shared += entry.is_page() && memory_.record(entry.page()).mappings > 1 ? 1 : 0;
        }
    });
    return reply;
}

} // namespace pager
