// SPDX-License-Identifier: BSD-2-Clause
// ELF segments to requests of the pager.
#include <init/program.hpp>

#include <algorithm>

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

/// Not secret, only different each time: hashed time stamps.
Word random_word() {
    static constinit Word state = 0;
    state = (state ^ state >> 29) * 0xbf58'476d'1ce4'e5b9 + sys::raw::read_time_stamp();
    return state >> 32;
}
void fill_random(uint8_t (&bytes)[16]) {
    for (uint8_t& byte : bytes)
        byte = static_cast<uint8_t>(random_word());
}

/// Where a program and its stack are put.
struct Layout {
    Word base = 0; ///< is added to all addresses of a position-independent program
    Word stack_top = init::stack_top;
};

/// Page tables for the base cost the same anywhere; the stack stays in the gigabyte where there are tables anyway.
Layout choose_layout(const Program& program, bool fixed) {
    constexpr Word table_span = Word{1} << 21, pages_of_table = 512;
    constexpr Word fixed_base = 0x40'0000, first_base = 0x8'0000'0000, base_tables = 1 << 13;
    constexpr Word stack_tables = 100, stack_pages = 256; // the stack needs the rest of its table's pages
    constexpr Word first_top = stack_top + 2 * table_span;
    constexpr Word most_bytes = sys::protocol::process::max_kept_pages * page_size;
    using sys::protocol::process::kept_address, sys::protocol::process::dma_address;
    static_assert(ipc_buffer_address + page_size <= kept_address && kept_address + most_bytes <= dma_address &&
                      dma_address + most_bytes <= first_top - stack_pages * page_size - stack_size - page_size,
                  "wherever the stack is put, it leaves free what has a fixed address");
    Layout layout{.base = program.image.is_movable() ? fixed_base : 0};
    if (fixed)
        return layout;
    if (program.image.is_movable())
        layout.base =
            first_base + random_word() % base_tables * table_span + random_word() % pages_of_table * page_size;
    const Word top = first_top + random_word() % stack_tables * table_span - random_word() % stack_pages * page_size;
    const sys::elf::AddressRange stack{top - stack_size - page_size, top};
    for (const sys::elf::Segment& segment : program.image.segments())
        if (!program.image.is_movable() && segment.pages().overlaps(stack))
            return layout;
    layout.stack_top = top;
    return layout;
}

/// Data that names addresses of the program names the right ones before it runs. So none of it need be writable to it.
Result<void> relocate(sys::Endpoint pager, const Program& program, Word base, Word pid) {
    if (program.image.relocation_count() == 0)
        return {};
    for (const sys::elf::Segment& segment : program.image.segments()) {
        uint8_t bytes[pager_protocol::WriteMemory::max_bytes];
        for (Word done = 0; done < segment.file_size && !segment.executable; done += sizeof(bytes)) {
            const auto content = program.file.content.subspan(segment.file_offset, segment.file_size).subspan(done);
            const std::span<uint8_t> part = std::span(bytes).first(std::min(content.size(), sizeof(bytes)));
            std::copy_n(content.begin(), part.size(), part.begin());
            const Word address = segment.address + done;
            if (program.image.relocate(program.file.content, base, address, part))
                TRY(sys::call_with_payload(pager, pager_protocol::WriteMemory{pid, base + address},
                                           sys::Payload(part)));
        }
    }
    return {};
}

Result<void> map_segments(sys::Endpoint pager, const Program& program, const LoadRequest& request, Word base) {
    for (const sys::elf::Segment& segment : program.image.segments()) {
        if (segment.memory_size == 0)
            continue;
        const Word rights = (segment.writable ? pager_protocol::access::write : 0) |
                            (segment.executable ? pager_protocol::access::execute : 0);
        TRY(sys::call(pager,
                      pager_protocol::MapImage{.client = request.pid,
                                               .address = base + segment.address,
                                               .memory_size = segment.memory_size,
                                               .archive_offset = program.file.offset + segment.file_offset,
                                               .file_size = segment.file_size,
                                               .rights = rights,
                                               .options = request.resident ? pager_protocol::option::populate : 0,
                                               .request = next_pager_request()}));
    }
    // The kernel wants to see code at the entry point before it starts a thread there.
    const Word entry_page = (base + program.image.entry()) / page_size * page_size;
    TRY(sys::call(pager, pager_protocol::Populate{request.pid, entry_page, page_size}));
    return relocate(pager, program, base, request.pid);
}

Result<Word> fill_stack(sys::Endpoint pager, const Program& program, const Texts& texts, Word pid,
                        const Layout& layout) {
    static uint8_t buffer[8192];
    sys::StackContents contents;
    contents.arguments = {texts.arguments, texts.argument_count};
    contents.environment = {texts.environment, texts.environment_count};
    contents.entry = layout.base + program.image.entry();
    if (const Word address = program.image.header_address(); address != 0)
        contents.program_headers_address = layout.base + address;
    contents.program_header_count = program.image.header_count();
    if (contents.program_headers_address == 0)
        contents.program_headers =
            program.file.content.subspan(program.image.header_offset(), program.image.header_count() * 56u);
    fill_random(contents.random);
    const auto stack = sys::build_initial_stack(buffer, layout.stack_top, contents);
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

Result<Word> fill_space(sys::Endpoint pager, const Program& program, const Texts& texts, const LoadRequest& request,
                        const Layout& layout) {
    TRY(map_segments(pager, program, request, layout.base));
    if (layout.base != 0)
        sys::log("INIT: process {} ({}) is at {:#x}", request.pid, program.path, layout.base);
    if ((request.traits & pager_protocol::trait::announce) != 0)
        sys::log("PROCESS_TRANSFER: {} ELF segments loaded", program.image.segments().size());
    TRY(sys::call(pager, pager_protocol::MapStack{request.pid, layout.stack_top, stack_size, stack_committed,
                                                  next_pager_request()}));
    TRY(sys::call(pager, pager_protocol::MapAnonymous{.client = request.pid,
                                                      .address = ipc_buffer_address,
                                                      .size = page_size,
                                                      .options = pager_protocol::option::populate,
                                                      .request = next_pager_request()}));
    TRY(sys::call_for(pager, pager_protocol::GetFrame{request.pid, ipc_buffer_address}, own_cnode,
                      request.ipc_frame_slot));
    return fill_stack(pager, program, texts, request.pid, layout);
}

} // namespace

Word next_pager_request() {
    static constinit Word last = Word{1} << 63;
    return ++last;
}

Result<Program> find_program(const sys::archive::Archive& archive, std::string_view path, bool movable) {
    auto file = archive.resolve(path);
    if (!file || file->kind != sys::archive::Kind::file)
        return Error::no_such_file;
    auto image = sys::elf::Image::read(file->content, {.reserved = reserved, .movable = movable});
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
    TRY(sys::call_for(pager, clone, own_cnode, request.vspace_slot));
    const pager_protocol::GetFrame buffer{request.pid, ipc_buffer_address};
    const auto frame = sys::call_for(pager, buffer, own_cnode, request.ipc_frame_slot);
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
    const auto space = TRY(sys::call_for(pager, create, own_cnode, request.vspace_slot));
    const Layout layout = choose_layout(program, request.fixed_addresses);
    const auto stack_pointer = fill_space(pager, program, texts, request, layout);
    if (stack_pointer)
        return Loaded{layout.base + program.image.entry(), *stack_pointer, space.reply.pml4_address, layout.base};
    const sys::Error error = stack_pointer.error();
    static_cast<void>(sys::call(pager, pager_protocol::DestroySpace{request.pid}));
    static_cast<void>(own_cnode.at(request.vspace_slot).remove());
    static_cast<void>(own_cnode.at(request.ipc_frame_slot).remove());
    return error;
}

} // namespace init
