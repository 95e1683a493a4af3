// SPDX-License-Identifier: BSD-2-Clause
// Which message goes where, and the answers to page faults.
#include <pager/server.hpp>

#include <pager/capabilities.hpp>

namespace pager {

using protocol::Error;
using sys::Incoming;
using sys::Message;

void Server::handle(const Incoming& incoming, Reaction& reaction) {
    if (offered_ != nullptr)
        attach_offered_swap();
    if (sys::KeeperFault::is_one(incoming.message()))
        return handle_fault(incoming, reaction);
    ++requests_;
    const bool brought = incoming.capabilities() != 0;
    reaction.answer = incoming.badge().value == protocol::init_badge ? handle_init(incoming) : handle_request(incoming);
    // What was not kept must not stand in the way of the next, or be taken for what that one brings.
    if (brought)
        capabilities::drop_received();
}

std::optional<Message> Server::handle_init(const Incoming& incoming) {
    using namespace protocol;
    if (incoming.label() < CreateSpace::label || incoming.label() > CloneSpace::label)
        return handle_request(incoming);
    return sys::Dispatch(incoming)
        .on<CreateSpace>([&](const CreateSpace& request) { return create_space(request); })
        .on<CloneSpace>([&](const CloneSpace& request) { return clone_space(request); })
        .on<DestroySpace>([&](const DestroySpace& request) { return destroy_space(request); })
        .on<MapImage>([&](const MapImage& request) { return map_image(request); })
        .on<MapStack>([&](const MapStack& request) { return map_stack(request); })
        .on<MapLent>([&](const MapLent& request) { return map_lent(request); })
        .on<GetFrame>([&](const GetFrame& request) { return get_frame(request); })
        .on<WriteMemory>([&](const WriteMemory& request) { return write_memory(request, incoming); })
        .answer();
}

std::optional<Message> Server::handle_request(const Incoming& incoming) {
    using namespace protocol;
    const Badge badge = incoming.badge();
    if (incoming.label() >= CreateSpace::label && incoming.label() <= CloneSpace::label)
        return Message::of_error(Error::not_init);
    if (incoming.label() == Statistics::label || incoming.label() == InspectClient::label ||
        incoming.label() == InspectRegion::label)
        return handle_inspection(incoming);
    return sys::Dispatch(incoming)
        .on<MapAnonymous>([&](const MapAnonymous& request) { return map_anonymous(badge, request); })
        .on<Unmap>([&](const Unmap& request) { return unmap(badge, request); })
        .on<Populate>([&](const Populate& request) { return populate(badge, request); })
        .on<MapArchive>([&](const MapArchive& request) { return map_archive(badge, request); })
        .on<CreateObject>([&](const CreateObject& request) { return create_object(badge, request); })
        .on<ReleaseObject>([&](const ReleaseObject& request) { return release_object(badge, request); })
        .on<MapObject>([&](const MapObject& request) { return map_object(badge, request, incoming); })
        .on<MapFile>([&](const MapFile& request) { return map_file(badge, request, incoming); })
        .on<Advise>([&](const Advise& request) { return advise(badge, request); })
        .on<WatchPressure>([&](const WatchPressure&) { return watch_pressure(badge); })
        .on<AttachSwap>([&](const AttachSwap& request) { return attach_swap(badge, request, incoming); })
        .answer();
}

namespace {

Refusal refusal_for(const sys::Error& error) {
    if (error == Error::over_quota)
        return Refusal::over_quota;
    const Word label = error.label();
    const bool is_swap = label >= sys::protocol_error_base(sys::Protocol::swap) &&
                         label < sys::protocol_error_base(sys::Protocol::swap) + 256;
    return is_swap ? Refusal::swap_failed : Refusal::no_memory;
}

} // namespace

/// Neighbours that have no page yet come along, if memory is plentiful.
void Server::add_around(Client& client, Region& region, Word address, Reaction& reaction) {
    const Word span = region.fault_around * page_size;
    const Word first = address / span * span;
    Mirror& mirror = *reaction.pages[0].mirror;
    for (Word near = first; near < first + span && reaction.page_count < Reaction::max_pages; near += page_size) {
        const bool is_inside = region.range.contains(near) && !region.guard().contains(near);
        if (!is_inside || near == address || !mirror.at(near).is_empty() ||
            memory_.free_count() <= memory_.pool().total() / 16)
            continue;
        const Result<Supply> more = spaces_.supply(client, region, near, false);
        if (!more)
            return;
        reaction.pages[reaction.page_count++] = *more;
        ++client.faults.around;
    }
}

/// A huge page was mapped by a call, so that the answer only has to wake the client.
bool Server::is_served_by_block(Client& client, const Decision& decision, bool write) {
    const Result<bool> served = spaces_.provide_block(client, *decision.region, decision.page, write);
    return served && *served;
}

void Server::handle_fault(const Incoming& incoming, Reaction& reaction) {
    const Word start = sys::raw::read_time_stamp();
    Client* const client = clients_.find(incoming.badge().value);
    const auto fault = sys::KeeperFault::from(incoming.message());
    if (client == nullptr) {
        reaction.answer = Message{}; // its space is gone already
        return;
    }
    const Decision decision = decide(client->regions, PageFault::from(fault));
    reaction.refusal = decision.refusal;
    if (reaction.refusal == Refusal::none && is_served_by_block(*client, decision, fault.info.is_write())) {
        reaction.answer = Message{};
        ++decision.region->faults;
    } else if (reaction.refusal == Refusal::none) {
        const Result<Supply> page = spaces_.supply(*client, *decision.region, decision.page, fault.info.is_write());
        if (page) {
            reaction.pages[reaction.page_count++] = *page;
            spaces_.spare(*client, decision.page);
            if (decision.region->fault_around > 1)
                add_around(*client, *decision.region, decision.page, reaction);
            ++decision.region->faults;
        } else {
            reaction.refusal = refusal_for(page.error());
        }
    }
    ++(reaction.refusal == Refusal::none ? faults_served_ : faults_refused_);
    ++(reaction.refusal == Refusal::none ? client->faults.served : client->faults.refused);
    client->faults.cycles += sys::raw::read_time_stamp() - start;
}

void Server::settle(const Reaction& reaction, unsigned mapped) {
    for (unsigned i = 0; i < reaction.page_count; ++i) {
        if (i < mapped)
            spaces_.settle(reaction.pages[i]);
        else
            spaces_.drop(reaction.pages[i]);
    }
}

Result<Client*> Server::existing(Word number) {
    Client* const client = clients_.find(number);
    if (client == nullptr || client->is_object())
        return Error::no_such_space;
    return client;
}

Result<Client*> Server::client_of(Badge badge, Word named) {
    if (badge.value == protocol::init_badge)
        return existing(named);
    if (named != protocol::own_space && named != badge.value)
        return Error::not_init;
    return existing(badge.value);
}

} // namespace pager
