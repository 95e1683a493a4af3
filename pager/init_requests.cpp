// SPDX-License-Identifier: BSD-2-Clause
// Requests of init: address spaces, and what a program needs before it runs. Check everything, then let AddressSpaces do it.
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
    return sys::reply_with_capability(reply, sys::Object(kernel_memory::object_slot(page)));
}

/// Not secret, only different each time: up to 64 GiB, by whole page tables, so that no more of them are needed.
Word random_slide() {
    constexpr Word tables = 1 << 15;
    const Word mixed = (sys::raw::read_time_stamp() ^ 0x2545'f491'4f6c'dd1d) * 0x9e37'79b9'7f4a'7c15;
    return (mixed >> 32) % tables * table_span;
}

/// Room for what a client of so many pages may need beside them, if nobody says how much that is.
constexpr Word default_tables(Word pages) { return 64 + pages / 16; }

} // namespace

void Server::announce_mapping(const Client& client, const Region& region, Word pages) {
    if (!client.is(protocol::trait::announce))
        return;
    sys::log("PAGING: map_userland_memory(pml4={:#x}, vaddr={:#x}, size={:#x})", memory_.pool().physical(client.pml4),
             region.guard().end, region.range.end - region.guard().end);
    sys::log("PAGING: Mapped {} pages for userland", pages);
}

Result<Message> Server::create_space(const protocol::CreateSpace& request) {
    if (request.client == 0 || request.client >= protocol::object_bit)
        return Error::no_such_space;
    Client* client = clients_.find(request.client);
    if (client != nullptr && (request.request == 0 || client->request != request.request))
        return Error::space_exists;
    if (client == nullptr) {
        const Word tables = request.quota_tables != 0 ? request.quota_tables : default_tables(request.quota_pages);
        client = TRY(spaces_.create(request.client, {request.quota_pages, tables}, request.request));
        client->slide = has(request.traits, protocol::trait::fixed) ? 0 : random_slide();
    }
    client->traits = request.traits;
    const Word physical = memory_.pool().physical(client->pml4);
    if (has(request.traits, protocol::trait::announce))
        sys::log("PAGING: Created new PML4 at {:#x} with kernel mappings", physical);
    return with_capability(protocol::CreateSpace::Reply{physical}, client->pml4);
}

Result<Message> Server::clone_space(const protocol::CloneSpace& request) {
    Client* const parent = TRY(existing(request.client));
    if (request.child == 0 || request.child >= protocol::object_bit)
        return Error::no_such_space;
    Client* child = clients_.find(request.child);
    if (child != nullptr && (request.request == 0 || child->request != request.request))
        return Error::space_exists;
    if (child == nullptr)
        child = TRY(spaces_.clone(*parent, request.child, request.request));
    return with_capability(protocol::CloneSpace::Reply{memory_.pool().physical(child->pml4)}, child->pml4);
}

Result<protocol::DestroySpace::Reply> Server::destroy_space(const protocol::DestroySpace& request) {
    return protocol::DestroySpace::Reply{spaces_.destroy(*TRY(existing(request.client)))};
}

Result<protocol::Mapped> Server::map_image(const protocol::MapImage& request) {
    Client* const client = TRY(existing(request.client));
    const Range range = TRY(covering_range(request.address, request.memory_size));
    TRY(check_rights(request.rights));
    if (request.file_size > request.memory_size || request.archive_offset > archive_.size() ||
        request.file_size > archive_.size() - request.archive_offset)
        return Error::bad_archive_range;
    constexpr uint8_t around = 4;
    Region region{.range = range,
                  .backing = Backing::image,
                  .writable = has(request.rights, protocol::access::write),
                  .executable = has(request.rights, protocol::access::execute),
                  .fault_around = around,
                  .file_bytes = {request.address, request.address + request.file_size},
                  .source = request.archive_offset};
    const protocol::Mapped done =
        TRY(map_region(*client, region, range.start, range.size(), request.options, request.request));
    announce_mapping(*client, region, done.pages_present);
    return done;
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
    if (const Region* const made = client->regions.made_by(request.request))
        return mapped(*made, *client);
    const Region region{.range = range, .backing = Backing::stack, .writable = true, .request = request.request};
    const Region* const placed = TRY(spaces_.map(*client, region, {request.top - request.committed, request.top}));
    const protocol::Mapped done = mapped(*placed, *client);
    announce_mapping(*client, region, done.pages_present);
    return done;
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
                            .executable = has(request.rights, protocol::access::execute),
                            .memory_type = static_cast<uint8_t>(request.memory_type),
                            .source = lent.first_slot + (request.physical - lent.physical) / page_size};
        TRY(map_region(*client, region, range.start, range.size(), protocol::option::populate, request.request));
        if (request.address == request.physical) {
            sys::log("PAGING: identity_map_userland_memory(pml4={:#x}, paddr={:#x}, size={:#x})",
                     memory_.pool().physical(client->pml4), request.physical, request.size);
            sys::log("PAGING: Identity-mapped {} pages for userland", range.pages());
        }
        return protocol::Mapped{range.start, range.pages()};
    }
    return Error::not_device;
}

Result<Message> Server::get_frame(const protocol::GetFrame& request) {
    Client* const client = TRY(existing(request.client));
    const Page page = TRY(spaces_.give(*client, request.address));
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
    TRY(spaces_.write(*client, request.address, {bytes, payload.size()}));
    return sys::Empty{};
}

} // namespace pager
