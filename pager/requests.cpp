// SPDX-License-Identifier: BSD-2-Clause
// The requests one by one: check everything, then let the address space do it.
#include <pager/server.hpp>

#include <pager/startup.hpp>
#include <sys/util/log.hpp>

namespace pager {

using protocol::Error;
using sys::Message;

namespace {

constexpr bool has(Word bits, Word bit) { return (bits & bit) != 0; }

/// A capability as a reply, behind a structure.
template <class T>
Result<Message> with_capability(const T& reply, Page page) {
    sys::MessageWriter writer;
    TRY(writer.structure(reply));
    TRY(writer.capability(sys::Object(kernel_memory::object_slot(page))));
    return writer.finish(0);
}

} // namespace

void Server::announce_mapping(const Client& client, const Region& region, Word pages) {
    if (!client.announce)
        return;
    const Word pml4 = memory_.pool().physical(client.space.pml4());
    sys::log("PAGING: map_userland_memory(pml4={:#x}, vaddr={:#x}, size={:#x})", pml4, region.guard().end,
             region.range.end - region.guard().end);
    sys::log("PAGING: Mapped {} pages for userland", pages);
}

Result<Message> Server::create_space(const protocol::CreateSpace& request) {
    if (request.client == 0 || request.client >= protocol::init_badge)
        return Error::no_such_space;
    if (clients_.find(request.client) != nullptr)
        return Error::space_exists;
    Client* const client = clients_.free_entry();
    if (client == nullptr)
        return sys::Error(Error::too_many_spaces, ClientTable::capacity);
    TRY(client->space.create(memory_, request.client, clients_.index_of(*client), request.quota_pages));
    client->announce = request.announce != 0;
    const Word physical = memory_.pool().physical(client->space.pml4());
    if (client->announce)
        sys::log("PAGING: Created new PML4 at {:#x} with kernel mappings", physical);
    return with_capability(protocol::CreateSpace::Reply{physical}, client->space.pml4());
}

Result<protocol::DestroySpace::Reply> Server::destroy_space(const protocol::DestroySpace& request) {
    Client* const client = TRY(existing(request.client));
    clients_.remove_casualty(*client);
    return protocol::DestroySpace::Reply{client->space.destroy(memory_)};
}

Result<protocol::Mapped> Server::map_image(const protocol::MapImage& request) {
    Client* const client = TRY(existing(request.client));
    const Range range = TRY(covering_range(request.address, request.memory_size));
    TRY(check_rights(request.rights));
    if (request.file_size > request.memory_size || request.archive_offset > archive_.size() ||
        request.file_size > archive_.size() - request.archive_offset)
        return Error::bad_archive_range;
    const Region region{.range = range,
                        .backing = Backing::image,
                        .writable = has(request.rights, protocol::access::write),
                        .executable = has(request.rights, protocol::access::execute),
                        .file_bytes = {request.address, request.address + request.file_size},
                        .archive_offset = request.archive_offset};
    const Range present = has(request.options, protocol::option::populate) ? range : Range{};
    TRY(client->space.map(memory_, archive_, region, present));
    announce_mapping(*client, region, present.pages());
    return protocol::Mapped{range.start, present.pages()};
}

Result<protocol::Mapped> Server::map_stack(const protocol::MapStack& request) {
    Client* const client = TRY(existing(request.client));
    if (request.size == 0)
        return Error::zero_size;
    if (request.size + page_size > request.top)
        return Error::wraps;
    const Range range = TRY(checked_range(request.top - request.size - page_size, request.size + page_size));
    if (request.committed % page_size != 0)
        return Error::unaligned;
    if (request.committed > request.size)
        return sys::ErrorCode::invalid_value;
    const Region region{.range = range, .backing = Backing::stack, .writable = true};
    const Range present{request.top - request.committed, request.top};
    TRY(client->space.map(memory_, archive_, region, present));
    announce_mapping(*client, region, present.pages());
    return protocol::Mapped{range.start + page_size, present.pages()};
}

Result<protocol::Mapped> Server::map_lent(const protocol::MapLent& request) {
    Client* const client = TRY(existing(request.client));
    const Range range = TRY(checked_range(request.address, request.size));
    TRY(check_rights(request.rights));
    if (request.physical % page_size != 0)
        return Error::unaligned;
    if (request.memory_type > static_cast<Word>(abi::MemoryType::write_combining))
        return sys::ErrorCode::invalid_value;
    const auto& block = startup();
    for (Word i = 0; i < block.lent_count; ++i) {
        const auto& lent = block.lent[i];
        if (request.physical < lent.physical || request.physical - lent.physical > lent.pages * page_size ||
            range.size() > lent.pages * page_size - (request.physical - lent.physical))
            continue;
        const Region region{.range = range,
                            .backing = Backing::lent,
                            .writable = has(request.rights, protocol::access::write),
                            .executable = has(request.rights, protocol::access::execute)};
        TRY(client->space.map_lent(memory_, region, lent.first_slot + (request.physical - lent.physical) / page_size,
                                   static_cast<abi::MemoryType>(request.memory_type)));
        if (request.address == request.physical) {
            sys::log("PAGING: identity_map_userland_memory(pml4={:#x}, paddr={:#x}, size={:#x})",
                     memory_.pool().physical(client->space.pml4()), request.physical, request.size);
            sys::log("PAGING: Identity-mapped {} pages for userland", range.pages());
        }
        return protocol::Mapped{range.start, range.pages()};
    }
    return Error::not_device;
}

Result<Message> Server::get_frame(const protocol::GetFrame& request) {
    Client* const client = TRY(existing(request.client));
    const Page page = TRY(client->space.page_at(memory_, archive_, request.address));
    return with_capability(protocol::Mapped{request.address / page_size * page_size, 1}, page);
}

Result<sys::Empty> Server::write_memory(const protocol::WriteMemory& request, const sys::Incoming& incoming) {
    const std::span<const uint8_t> payload = TRY(incoming.payload<protocol::WriteMemory>());
    if (payload.size() > protocol::WriteMemory::max_bytes)
        return sys::ErrorCode::too_long;
    uint8_t bytes[protocol::WriteMemory::max_bytes];
    for (size_t i = 0; i < payload.size(); ++i)
        bytes[i] = payload[i]; // kernel calls reuse the IPC buffer
    Client* const client = TRY(existing(request.client));
    TRY(client->space.write(memory_, archive_, request.address, {bytes, payload.size()}));
    return sys::Empty{};
}

Result<protocol::Mapped> Server::map_anonymous(Badge badge, const protocol::MapAnonymous& request) {
    Client* const client = TRY(client_of(badge, request.client));
    TRY(check_rights(request.rights));
    TRY(checked_range(0, request.size));
    const Range range = request.address == 0 ? TRY(client->space.regions().find_gap(request.size))
                                             : TRY(checked_range(request.address, request.size));
    const Region region{.range = range,
                        .backing = Backing::anonymous,
                        .writable = has(request.rights, protocol::access::write),
                        .executable = has(request.rights, protocol::access::execute)};
    const Range present = has(request.options, protocol::option::populate) ? range : Range{};
    TRY(client->space.map(memory_, archive_, region, present));
    if (badge.value == protocol::init_badge)
        announce_mapping(*client, region, present.pages());
    return protocol::Mapped{range.start, present.pages()};
}

Result<protocol::Unmap::Reply> Server::unmap(Badge badge, const protocol::Unmap& request) {
    Client* const client = TRY(client_of(badge, request.client));
    return protocol::Unmap::Reply{TRY(client->space.unmap(memory_, request.address))};
}

Result<protocol::Mapped> Server::populate(Badge badge, const protocol::Populate& request) {
    Client* const client = TRY(client_of(badge, request.client));
    const Range range = TRY(checked_range(request.address, request.size));
    TRY(client->space.populate(memory_, archive_, range));
    return protocol::Mapped{range.start, range.pages()};
}

Result<protocol::MapArchive::Reply> Server::map_archive(Badge badge, const protocol::MapArchive& request) {
    Client* const client = TRY(client_of(badge, request.client));
    const auto& block = startup();
    for (Word i = 0; i < block.lent_count; ++i) {
        const auto& lent = block.lent[i];
        if (lent.kind != sys::protocol::pager_startup::LentKind::archive)
            continue;
        const Range range = TRY(client->space.regions().find_gap(lent.pages * page_size));
        const Region region{.range = range, .backing = Backing::lent};
        TRY(client->space.map_lent(memory_, region, lent.first_slot, abi::MemoryType::write_back));
        return protocol::MapArchive::Reply{range.start, block.archive_size};
    }
    return Error::bad_archive_range;
}

Result<protocol::Statistics::Reply> Server::statistics(Badge badge) {
    const Client* const client = clients_.find(badge.value);
    protocol::Statistics::Reply reply;
    reply.pages_total = memory_.pool().total();
    reply.pages_free = memory_.free_count();
    reply.clients = clients_.count();
    reply.faults_served = faults_served_;
    reply.faults_refused = faults_refused_;
    reply.requests = requests_;
    if (client != nullptr) {
        reply.own_pages = client->space.account().pages;
        reply.own_quota = client->space.account().quota;
    }
    return reply;
}

} // namespace pager
