// SPDX-License-Identifier: BSD-2-Clause
// Frame by frame: make it, fill it through the window, map it in the new space.
#include <string.h>
#include <sys/mem/mapping.hpp>
#include <sys/proc/address_space_builder.hpp>

namespace sys {

namespace {

constexpr size_t page_size = size_t{1} << abi::page_bits;
/// Table levels below the PML4; every run of pages may need one of each, or two where it crosses a boundary.
constexpr Word tables_per_run = 2 * 3;

PageAccess access_of(const elf::Segment& segment) {
    return {.read = true, .write = segment.writable, .execute = segment.executable};
}

/// The part of a segment's file bytes that lies in the page at `page`.
struct PagePiece {
    size_t offset = 0; ///< in the page
    std::span<const uint8_t> bytes;
};

PagePiece piece_of(const elf::Segment& segment, std::span<const uint8_t> file, Word page) {
    const Word start = page > segment.address ? page : segment.address;
    const Word file_end = segment.address + segment.file_size;
    const Word end = page + page_size < file_end ? page + page_size : file_end;
    if (start >= end)
        return {};
    return {start - page, file.subspan(segment.file_offset + (start - segment.address), end - start)};
}

} // namespace

Word AddressSpaceBuilder::objects_needed(const elf::Image& image, unsigned extra_pages) {
    constexpr Word runs_of_caller = 3; // stack, IPC buffer, the window's own tables
    constexpr Word pml4 = 1;
    return pml4 + image.page_count() + extra_pages + tables_per_run * (image.segments().size() + runs_of_caller);
}

Result<AddressSpaceBuilder> AddressSpaceBuilder::create(const BuilderResources& resources, Word slots) {
    const Word first = TRY(resources.cspace.slots().allocate_range(slots));
    AddressSpaceBuilder builder(resources, first, slots);
    builder.space_ = VSpace(TRY(builder.make(abi::ObjectType::pml4)));
    TRY(resources.asid_pool.assign(builder.space_));
    return builder;
}

AddressSpaceBuilder::AddressSpaceBuilder(AddressSpaceBuilder&& other)
    : resources_(other.resources_), first_slot_(other.first_slot_), slots_(other.slots_),
      used_slots_(other.used_slots_), space_(other.space_), pages_(other.pages_), tables_(other.tables_),
      kept_(std::exchange(other.kept_, true)) {}

AddressSpaceBuilder::~AddressSpaceBuilder() {
    if (kept_)
        return;
    static_cast<void>(resources_.cspace.at(resources_.memory.slot()).revoke());
    for (Word slot = 0; slot < slots_; ++slot)
        static_cast<void>(resources_.cspace.slots().release(first_slot_ + slot));
}

VSpace AddressSpaceBuilder::keep() {
    for (Word slot = used_slots_; slot < slots_; ++slot)
        static_cast<void>(resources_.cspace.slots().release(first_slot_ + slot));
    kept_ = true;
    return space_;
}

/// One 4 KiB object in the next slot.
Result<Word> AddressSpaceBuilder::make(abi::ObjectType type) {
    if (used_slots_ == slots_)
        return ErrorCode::out_of_slots;
    const Word slot = first_slot_ + used_slots_;
    TRY(resources_.memory.retype_into(type, 0, resources_.cspace.cnode(), slot));
    ++used_slots_;
    return slot;
}

Result<void> AddressSpaceBuilder::map(Frame frame, VSpace space, Word address, const PageAccess& access) {
    return map_with_tables(frame, space, address, access, [&](abi::ObjectType type) -> Result<Object> {
        const Object table(TRY(make(type)));
        ++tables_;
        return table;
    });
}

Result<void> AddressSpaceBuilder::fill(Frame frame, size_t offset, std::span<const uint8_t> content) {
    TRY(map(frame, resources_.own_space, resources_.window, PageAccess::read_write()));
    memcpy(reinterpret_cast<uint8_t*>(resources_.window) + offset, content.data(), content.size());
    return frame.unmap();
}

Result<Frame> AddressSpaceBuilder::add_page_at(Word address, const PageAccess& access, size_t offset,
                                               std::span<const uint8_t> content) {
    if (address % page_size != 0 || offset > page_size || content.size() > page_size - offset)
        return ErrorCode::invalid_value;
    const Frame frame(TRY(make(abi::ObjectType::frame_4k)));
    if (!content.empty())
        TRY(fill(frame, offset, content));
    TRY(map(frame, space_, address, access));
    ++pages_;
    return frame;
}

Result<Frame> AddressSpaceBuilder::add_page(Word address, const PageAccess& access, std::span<const uint8_t> content) {
    return add_page_at(address, access, 0, content);
}

Result<void> AddressSpaceBuilder::add_image(const elf::Image& image, std::span<const uint8_t> file) {
    for (const elf::Segment& segment : image.segments()) {
        if (segment.file_offset + segment.file_size > file.size())
            return ErrorCode::invalid_value;
        const elf::AddressRange pages = segment.pages();
        for (Word page = pages.start; page < pages.end; page += page_size) {
            const PagePiece piece = piece_of(segment, file, page);
            TRY(add_page_at(page, access_of(segment), piece.offset, piece.bytes));
        }
    }
    return {};
}

Result<void> AddressSpaceBuilder::add_stack(Word top, unsigned pages, const InitialStack& stack) {
    if (top % page_size != 0 || stack.bytes.size() > pages * page_size)
        return {ErrorCode::invalid_value};
    std::span<const uint8_t> rest = stack.bytes;
    for (unsigned i = 1; i <= pages; ++i) {
        const size_t here = rest.size() < page_size ? rest.size() : page_size;
        TRY(add_page_at(top - i * page_size, PageAccess::read_write(), page_size - here, rest.last(here)));
        rest = rest.first(rest.size() - here);
    }
    return {};
}

} // namespace sys
