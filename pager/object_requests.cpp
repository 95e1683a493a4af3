// SPDX-License-Identifier: BSD-2-Clause
// Memory objects: memory that several clients map, and files of the boot archive, each of which is one object while anybody
// maps it. An object is a client in whose space no thread runs; its one region holds its pages.
#include <pager/server.hpp>

#include <pager/capabilities.hpp>

namespace pager {

using protocol::Error;
using sys::Message;

namespace {

constexpr bool has(Word bits, Word bit) { return (bits & bit) != 0; }
/// The numbers of objects that are files; the rest is where they lie in the boot archive.
constexpr Word file_bit = Word{1} << 39;
constexpr Word whole_pages(Word bytes) { return (bytes + page_size - 1) / page_size * page_size; }

} // namespace

/// `content` says what the pages hold; its range is set here but for its size.
Result<Client*> Server::new_object(Word number, Region content, Word owner, Word request) {
    const Word pages = content.range.pages();
    const Word tables = 64 + pages / 64;
    Client* const object = TRY(spaces_.begin(number, {pages, tables}, request));
    content.range = {object_base, object_base + pages * page_size};
    const Result<Region*> region = spaces_.map(*object, content, {});
    if (!region) {
        spaces_.destroy(*object);
        return region.error();
    }
    object->owner = owner;
    commit(object->state, ClientState::there);
    return object;
}

Result<Message> Server::create_object(Badge badge, const protocol::CreateObject& request) {
    TRY(existing(badge.value));
    const Range range = TRY(checked_range(0, request.size));
    Client* object = nullptr;
    for (Client* made = clients_.first(); made != nullptr && request.request != 0; made = clients_.next(*made))
        if (made->is_object() && made->owner == badge.value && made->request == request.request)
            object = made;
    if (object == nullptr) {
        Ledger& ledger = memory_.pool().ledger();
        const Word number = protocol::object_bit + ++ledger.next_object;
        const Region content{.range = range, .backing = Backing::anonymous, .writable = true};
        object = TRY(new_object(number, content, badge.value, request.request));
    }
    const Word number = object->number;
    const sys::Object capability = TRY(capabilities::of_object(number));
    return sys::reply_with_capability(protocol::CreateObject::Reply{number}, capability);
}

Result<sys::Empty> Server::release_object(Badge badge, const protocol::ReleaseObject& request) {
    Client* const object = clients_.find(request.object);
    if (object == nullptr || !object->is_object() || object->owner != badge.value)
        return Error::no_such_object;
    spaces_.release_object(*object);
    return sys::Empty{};
}

Result<protocol::Mapped> Server::map_object(Badge badge, const protocol::MapObject& request,
                                            const sys::Incoming& incoming) {
    const auto object_badge = incoming.unwrapped(0);
    Client* const client = TRY(existing(badge.value));
    Client* const object = object_badge ? clients_.find(object_badge->value) : nullptr;
    if (object == nullptr || !object->is_object())
        return Error::no_such_object;
    TRY(check_rights(request.rights));
    const Word all = object->quota_frames * page_size;
    if (request.offset % page_size != 0)
        return Error::unaligned;
    if (request.offset >= all || request.size > all - request.offset)
        return sys::Error(sys::ErrorCode::out_of_range, all);
    const Region region{.backing = Backing::object,
                        .writable = has(request.rights, protocol::access::write),
                        .executable = has(request.rights, protocol::access::execute),
                        .is_private = has(request.options, protocol::option::private_copy),
                        .source = request.offset,
                        .object = object->number};
    const Word size = request.size == 0 ? all - request.offset : request.size;
    return map_region(*client, region, request.address, size, request.options, request.request);
}

Result<Client*> Server::file_object(const sys::archive::Entry& file) {
    const Word number = protocol::object_bit | file_bit | file.offset;
    if (Client* const object = clients_.find(number))
        return object;
    const Word bytes = file.content.size();
    const Region content{.range = {0, whole_pages(bytes)},
                         .backing = Backing::image,
                         .writable = true,
                         .fault_around = 1,
                         .file_bytes = {object_base, object_base + bytes},
                         .source = file.offset};
    return new_object(number, content, 0, 0);
}

Result<protocol::MapFile::Reply> Server::map_file(Badge badge, const protocol::MapFile& request,
                                                  const sys::Incoming& incoming) {
    const std::string_view path = TRY(incoming.text<protocol::MapFile>());
    const auto file = archive_.resolve(path);
    Client* const client = TRY(existing(badge.value));
    if (!file || file->kind != sys::archive::Kind::file || file->content.empty())
        return Error::no_such_file;
    TRY(check_rights(request.rights));
    Client* const object = TRY(file_object(*file));
    constexpr uint8_t around = 16;
    const Region region{.backing = Backing::object,
                        .writable = has(request.rights, protocol::access::write),
                        .executable = has(request.rights, protocol::access::execute),
                        .is_private = has(request.options, protocol::option::private_copy),
                        .fault_around = around,
                        .object = object->number};
    const auto done = map_region(*client, region, request.address, whole_pages(file->content.size()), request.options,
                                 request.request);
    if (!done) {
        spaces_.release_object(*object);
        return done.error();
    }
    return protocol::MapFile::Reply{done->address, file->content.size()};
}

} // namespace pager
