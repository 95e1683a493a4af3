// SPDX-License-Identifier: BSD-2-Clause
// The pager as a server: requests of init and of clients, and the page faults of clients, all at one endpoint.
#pragma once

#include <pager/address_space.hpp>
#include <sys/archive/cpio.hpp>
#include <sys/ipc/server.hpp>

namespace pager {

/// What the pager does about a message: it answers, or maps pages by its answer to a fault, or denies the access.
struct Reaction {
    static constexpr unsigned max_pages = 16;
    std::optional<sys::Message> answer;
    Supply pages[max_pages];
    unsigned page_count = 0;
    Refusal refusal = Refusal::none;

    /// Nothing is to be done, so far. The pages stay as they are: there are many of them.
    void reset() {
        answer.reset();
        page_count = 0;
        refusal = Refusal::none;
    }
};

class Server {
public:
    Server(Memory& memory, ClientTable& clients, Tables& tables, Swap& swap, AddressSpaces& spaces,
           const sys::archive::Archive& archive)
        : memory_(memory), clients_(clients), tables_(tables), swap_(swap), spaces_(spaces), archive_(archive) {}

    void handle(const sys::Incoming& incoming, Reaction& reaction);
    /// The first `mapped` pages of a reaction were mapped, the others were not.
    void settle(const Reaction& reaction, unsigned mapped);

private:
    using Badge = sys::Badge;
    using Incoming = sys::Incoming;
    using Message = sys::Message;

    std::optional<Message> handle_init(const Incoming& incoming);
    std::optional<Message> handle_request(const Incoming& incoming);
    std::optional<Message> handle_inspection(const Incoming& incoming);
    void handle_fault(const Incoming& incoming, Reaction& reaction);
    bool is_served_by_block(Client& client, const Decision& decision, bool write);
    void add_around(Client& client, Region& region, Word address, Reaction& reaction);

    /// The client that a request is about: the caller, or the one that init names.
    Result<Client*> client_of(Badge badge, Word named);
    Result<Client*> existing(Word number);

    // init_requests.cpp
    Result<Message> create_space(const protocol::CreateSpace& request);
    Result<Message> clone_space(const protocol::CloneSpace& request);
    Result<protocol::DestroySpace::Reply> destroy_space(const protocol::DestroySpace& request);
    Result<protocol::Mapped> map_image(const protocol::MapImage& request);
    Result<protocol::Mapped> map_stack(const protocol::MapStack& request);
    Result<protocol::Mapped> map_lent(const protocol::MapLent& request);
    Result<Message> get_frame(const protocol::GetFrame& request);
    Result<sys::Empty> write_memory(const protocol::WriteMemory& request, const Incoming& incoming);
    void announce_mapping(const Client& client, const Region& region, Word pages);

    // requests.cpp
    Result<protocol::Mapped> map_anonymous(Badge badge, const protocol::MapAnonymous& request);
    Result<protocol::Unmap::Reply> unmap(Badge badge, const protocol::Unmap& request);
    Result<protocol::Mapped> populate(Badge badge, const protocol::Populate& request);
    Result<protocol::MapArchive::Reply> map_archive(Badge badge, const protocol::MapArchive& request);
    Result<protocol::Advise::Reply> advise(Badge badge, const protocol::Advise& request);
    Result<sys::Empty> watch_pressure(Badge badge);
    Result<protocol::AttachSwap::Reply> attach_swap(Badge badge, const protocol::AttachSwap& request,
                                                    const Incoming& incoming);

    void attach_offered_swap();

    // object_requests.cpp
    Result<Message> create_object(Badge badge, const protocol::CreateObject& request);
    Result<sys::Empty> release_object(Badge badge, const protocol::ReleaseObject& request);
    Result<protocol::Mapped> map_object(Badge badge, const protocol::MapObject& request, const Incoming& incoming);
    Result<protocol::MapFile::Reply> map_file(Badge badge, const protocol::MapFile& request, const Incoming& incoming);
    Result<Client*> new_object(Word number, Region content, Word owner, Word request);
    Result<Client*> file_object(const sys::archive::Entry& file);

    // inspection.cpp
    Result<protocol::Statistics::Reply> statistics(Badge badge);
    Result<protocol::InspectClient::Reply> inspect_client(Badge badge, const protocol::InspectClient& request);
    Result<protocol::InspectRegion::Reply> inspect_region(Badge badge, const protocol::InspectRegion& request);

    /// Maps a region that a request asks for, at the place it names or one that is free, unless the request is a repeated one.
    Result<protocol::Mapped> map_region(Client& client, Region region, Word address, Word size, Word options,
                                        Word request);
    protocol::Mapped mapped(const Region& region, const Client& client) const;

    Memory& memory_;
    ClientTable& clients_;
    Tables& tables_;
    Swap& swap_;
    AddressSpaces& spaces_;
    const sys::archive::Archive& archive_;
    Client* offered_ = nullptr; ///< the object through which swap was offered by the request answered last
    Word faults_served_ = 0;
    Word faults_refused_ = 0;
    Word requests_ = 0;
};

} // namespace pager
