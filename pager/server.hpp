// SPDX-License-Identifier: BSD-2-Clause
// The pager as a server: requests of init and of clients, and the faults of clients, all at one endpoint.
#pragma once

#include <pager/client_table.hpp>
#include <sys/cap/notification.hpp>
#include <sys/ipc/server.hpp>

namespace pager {

/// What the pager does about a message: an answer, which may be a mapping, or none.
struct Reaction {
    std::optional<sys::Message> answer; ///< none: the thread shall stay where it is
    sys::MapItem item{};                ///< to a page fault, instead: this page (null: none)
};

class Server {
public:
    /// `casualties` is signalled whenever NextCasualty has something new.
    Server(Memory& memory, Archive archive, sys::Notification casualties)
        : memory_(memory), archive_(archive), casualties_(casualties) {}

    Reaction handle(sys::Incoming& incoming);

private:
    using Badge = sys::Badge;

    std::optional<sys::Message> handle_init(sys::Incoming& incoming);
    std::optional<sys::Message> handle_request(sys::Incoming& incoming);
    Reaction handle_fault(const sys::Incoming& incoming);
    void refuse(Client& client, const sys::Incoming& incoming, Refusal refusal);

    /// The client that a request is about: the caller, or the one that init names.
    Result<Client*> client_of(Badge badge, Word named);
    Result<Client*> existing(Word number);

    Result<sys::Message> create_space(const protocol::CreateSpace& request);
    Result<protocol::DestroySpace::Reply> destroy_space(const protocol::DestroySpace& request);
    Result<protocol::Mapped> map_image(const protocol::MapImage& request);
    Result<protocol::Mapped> map_stack(const protocol::MapStack& request);
    Result<protocol::Mapped> map_lent(const protocol::MapLent& request);
    Result<sys::Message> get_frame(const protocol::GetFrame& request);
    Result<sys::Empty> write_memory(const protocol::WriteMemory& request, const sys::Incoming& incoming);
    Result<protocol::Mapped> map_anonymous(Badge badge, const protocol::MapAnonymous& request);
    Result<protocol::Unmap::Reply> unmap(Badge badge, const protocol::Unmap& request);
    Result<protocol::Mapped> populate(Badge badge, const protocol::Populate& request);
    Result<protocol::MapArchive::Reply> map_archive(Badge badge, const protocol::MapArchive& request);
    Result<protocol::Statistics::Reply> statistics(Badge badge);

    void announce_mapping(const Client& client, const Region& region, Word pages);

    Memory& memory_;
    Archive archive_;
    sys::Notification casualties_;
    ClientTable clients_;
    Word faults_served_ = 0;
    Word faults_refused_ = 0;
    Word requests_ = 0;
};

} // namespace pager
