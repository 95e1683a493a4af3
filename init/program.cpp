// SPDX-License-Identifier: BSD-2-Clause
// ELF segments to requests of the pager.
#include <init/program.hpp>

#include <sys/ipc/call.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/log.hpp>

namespace init {

namespace pager_protocol = sys::protocol::pager;
using sys::protocol::process::Error;

namespace {

constexpr Word page_size = Word{1} << abi::page_bits;
constexpr sys::elf::AddressRange reserved[] = {{stack_top - stack_size - page_size, stack_top},
                                               {ipc_buffer_address, ipc_buffer_address + page_size}};

/// Calls the pager; a capability that comes with the answer lands in `slot`.
template <sys::Request R>
Result<typename R::Reply> call_for_capability(sys::Endpoint pager, const R& request, Word slot) {
    sys::set_receive_slot(own_cnode, slot, abi::word_bits);
    Result<typename R::Reply> reply = sys::call(pager, request);
    sys::clear_receive_slot();
    return reply;
}

/// Not secret, only different each time: hashed time stamps.
void fill_random(uint8_t (&bytes)[16]) {
    Word state = sys::raw::read_time_stamp();
    for (uint8_t& byte : bytes) {
        state = (state ^ state >> 29) * 0xbf58'476d'1ce4'e5b9 + sys::raw::read_time_stamp();
        byte = static_cast<uint8_t>(state >> 32);
    }
}

Result<void> map_segments(sys::Endpoint pager, const Program& program, const LoadRequest& request) {
    for (const sys::elf::Segment& segment : program.image.segments()) {
        if (segment.memory_size == 0)
            continue;
        const Word rights = (segment.writable ? pager_protocol::access::write : 0) |
                            (segment.executable ? pager_protocol::access::execute : 0);
        TRY(sys::call(pager,
                      pager_protocol::MapImage{.client = request.pid,
                                               .address = segment.address,
                                               .memory_size = segment.memory_size,
                                               .archive_offset = program.file.offset + segment.file_offset,
                                               .file_size = segment.file_size,
                                               .rights = rights,
                                               .options = request.resident ? pager_protocol::option::populate : 0,
                                               .request = next_pager_request()}));
    }
    // The kernel wants to see code at the entry point before it starts a thread there.
    const Word entry_page = program.image.entry() / page_size * page_size;
    TRY(sys::call(pager, pager_protocol::Populate{request.pid, entry_page, page_size}));
    return {};
}

Result<Word> fill_stack(sys::Endpoint pager, const Program& program, const Texts& texts, Word pid) {
    static uint8_t buffer[8192];
    sys::StackContents contents;
    contents.arguments = {texts.arguments, texts.argument_count};
    contents.environment = {texts.environment, texts.environment_count};
    contents.entry = program.image.entry();
    contents.program_headers_address = program.image.header_address();
    contents.program_header_count = program.image.header_count();
    if (contents.program_headers_address == 0)
        contents.program_headers =
            program.file.content.subspan(program.image.header_offset(), program.image.header_count() * 56u);
    fill_random(contents.random);
    const auto stack = sys::build_initial_stack(buffer, stack_top, contents);
    if (!stack)
        return Error::bad_arguments;
    Word address = stack->stack_pointer;
    for (std::span<const uint8_t> rest = stack->bytes; !rest.empty();) {
        const size_t count = rest.size() < pager_protocol::WriteMemory::max_bytes
                                 ? rest.size()
                                 : size_t{pager_protocol::WriteMemory::max_bytes};
        TRY(sys::call_with_payload(pager, pager_protocol::WriteMemory{pid, address}, sys::Payload(rest.first(count))));
        address += count;
        rest = rest.subspan(count);
    }
    return stack->stack_pointer;
}

Result<Word> fill_space(sys::Endpoint pager, const Program& program, const Texts& texts, const LoadRequest& request) {
    TRY(map_segments(pager, program, request));
    if ((request.traits & pager_protocol::trait::announce) != 0)
        sys::log("PROCESS_TRANSFER: {} ELF segments loaded", program.image.segments().size());
    TRY(sys::call(pager,
                  pager_protocol::MapStack{request.pid, stack_top, stack_size, stack_committed, next_pager_request()}));
    TRY(sys::call(pager, pager_protocol::MapAnonymous{.client = request.pid,
                                                      .address = ipc_buffer_address,
                                                      .size = page_size,
                                                      .options = pager_protocol::option::populate,
                                                      .request = next_pager_request()}));
    TRY(call_for_capability(pager, pager_protocol::GetFrame{request.pid, ipc_buffer_address}, request.ipc_frame_slot));
    return fill_stack(pager, program, texts, request.pid);
}

} // namespace

Word next_pager_request() {
    static constinit Word last = Word{1} << 63;
    return ++last;
}

Result<Program> find_program(const sys::archive::Archive& archive, std::string_view path) {
    auto file = archive.resolve(path);
    if (!file || file->kind != sys::archive::Kind::file)
        return Error::no_such_file;
    auto image = sys::elf::Image::read(file->content, {.reserved = reserved});
    if (!image)
        return sys::Error(Error::not_an_executable, image.error().detail(0));
    return Program{path, file.take(), image.take()};
}

Result<Texts> Texts::parse(std::string_view payload, unsigned arguments, unsigned environment) {
    Texts texts;
    if (arguments > max_pieces || environment > max_pieces)
        return Error::bad_arguments;
    const unsigned pieces = 1 + arguments + environment;
    for (unsigned i = 0; i < pieces; ++i) {
        const size_t end = payload.find('\0');
        if (end == std::string_view::npos)
            return Error::bad_arguments;
        const std::string_view piece = payload.substr(0, end);
        payload.remove_prefix(end + 1);
        if (i == 0)
            texts.path = piece;
        else if (i <= arguments)
            texts.arguments[texts.argument_count++] = piece;
        else
            texts.environment[texts.environment_count++] = piece;
    }
    if (!payload.empty())
        return Error::bad_arguments;
    return texts;
}

Result<void> clone_program(sys::Endpoint pager, Word parent, const LoadRequest& request) {
    const pager_protocol::CloneSpace clone{.client = parent, .child = request.pid, .request = next_pager_request()};
    TRY(call_for_capability(pager, clone, request.vspace_slot));
    const pager_protocol::GetFrame buffer{request.pid, ipc_buffer_address};
    const auto frame = call_for_capability(pager, buffer, request.ipc_frame_slot);
    if (frame)
        return {};
    static_cast<void>(sys::call(pager, pager_protocol::DestroySpace{request.pid}));
    static_cast<void>(own_cnode.at(request.vspace_slot).remove());
    return frame.error();
}

Result<Loaded> load_program(sys::Endpoint pager, const Program& program, const Texts& texts,
                            const LoadRequest& request) {
    const pager_protocol::CreateSpace create{.client = request.pid,
                                             .quota_pages = request.quota_pages,
                                             .traits = request.traits,
                                             .request = next_pager_request()};
    const auto space = TRY(call_for_capability(pager, create, request.vspace_slot));
    const auto stack_pointer = fill_space(pager, program, texts, request);
    if (stack_pointer)
        return Loaded{program.image.entry(), *stack_pointer, space.pml4_address};
    const sys::Error error = stack_pointer.error();
    static_cast<void>(sys::call(pager, pager_protocol::DestroySpace{request.pid}));
    static_cast<void>(own_cnode.at(request.vspace_slot).remove());
    static_cast<void>(own_cnode.at(request.ipc_frame_slot).remove());
    return error;
}

} // namespace init
