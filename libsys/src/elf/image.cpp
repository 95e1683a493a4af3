// SPDX-License-Identifier: BSD-2-Clause
// The checks on an ELF program: file header first, then each program header, then what they must have in common.
#include <string.h>
#include <sys/elf/image.hpp>

namespace sys::elf {

namespace {

constexpr Word page_size = Word{1} << abi::page_bits;
constexpr Word max_alignment = Word{1} << 30;
/// Below: canonical lower half. From `first_upper_half` on: canonical upper half.
constexpr Word end_of_lower_half = Word{1} << 47;
constexpr Word first_upper_half = ~(end_of_lower_half - 1);

constexpr bool is_canonical(Word address) { return address < end_of_lower_half || address >= first_upper_half; }
constexpr bool is_power_of_two(Word value) { return value != 0 && (value & (value - 1)) == 0; }

Fault check_file_header(const FileHeader& header) {
    static constexpr uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
    if (memcmp(header.ident, magic, sizeof(magic)) != 0)
        return Fault::bad_magic;
    if (header.ident[4] != class_64)
        return Fault::not_64_bit;
    if (header.ident[5] != data_little_endian)
        return Fault::not_little_endian;
    if (header.ident[6] != version_current || header.version != version_current)
        return Fault::bad_version;
    if (header.machine != machine_x86_64)
        return Fault::wrong_machine;
    if (header.type == type_dynamic)
        return Fault::position_independent;
    if (header.type != type_executable)
        return Fault::not_a_program;
    if (header.size != sizeof(FileHeader))
        return Fault::bad_header_size;
    if (header.header_count == 0)
        return Fault::no_program_headers;
    if (header.header_count == extended_count)
        return Fault::too_many_headers;
    if (header.header_entry_size != sizeof(ProgramHeader))
        return Fault::bad_header_entry_size;
    return Fault::none;
}

/// The table must lie in the file; `size` = bytes of the file.
Fault check_header_table(const FileHeader& header, Word size) {
    const Word bytes = Word{header.header_count} * sizeof(ProgramHeader);
    if (header.header_offset + bytes < header.header_offset)
        return Fault::headers_wrap;
    if (header.header_offset + bytes > size)
        return Fault::headers_outside_file;
    return Fault::none;
}

Fault check_file_range(const ProgramHeader& header, Word size) {
    if (header.offset + header.file_size < header.offset)
        return Fault::segment_offset_wraps;
    if (header.offset + header.file_size > size)
        return Fault::segment_outside_file;
    if (header.file_size > header.memory_size)
        return Fault::file_larger_than_memory;
    return Fault::none;
}

Fault check_alignment(const ProgramHeader& header) {
    if (header.alignment <= 1)
        return Fault::none; // both mean: none asked for
    if (!is_power_of_two(header.alignment) || header.alignment > max_alignment)
        return Fault::bad_alignment;
    if (((header.address - header.offset) & (header.alignment - 1)) != 0)
        return Fault::misaligned_segment;
    return Fault::none;
}

Fault check_addresses(const ProgramHeader& header, const Limits& limits) {
    if (header.memory_size > limits.max_segment_bytes)
        return Fault::segment_too_large;
    const Word end = header.address + header.memory_size;
    if (end < header.address)
        return Fault::address_wraps;
    if (!is_canonical(header.address))
        return Fault::non_canonical_address;
    if (end > abi::user_end)
        return Fault::kernel_address;
    if (header.address < page_size)
        return Fault::page_zero;
    return Fault::none;
}

Segment to_segment(const ProgramHeader& header) {
    return {header.address,
            header.memory_size,
            header.offset,
            header.file_size,
            (header.flags & flag_write) != 0,
            (header.flags & flag_execute) != 0};
}

} // namespace

/// Fills an Image header by header. Every step answers Fault::none or why the file is refused.
class Image::Reader {
public:
    Reader(std::span<const uint8_t> file, const Limits& limits, Image& image)
        : file_(file), limits_(limits), image_(image) {}

    Fault read_file_header() {
        if (file_.empty())
            return Fault::empty_file;
        if (file_.size() < sizeof(FileHeader))
            return Fault::truncated_header;
        FileHeader header;
        memcpy(&header, file_.data(), sizeof(header));
        if (const Fault fault = check_file_header(header); fault != Fault::none)
            return fault;
        if (const Fault fault = check_header_table(header, file_.size()); fault != Fault::none)
            return fault;
        image_.entry_ = header.entry;
        image_.header_offset_ = header.header_offset;
        image_.header_count_ = header.header_count;
        return Fault::none;
    }

    Fault read_program_header(unsigned index) {
        ProgramHeader header;
        memcpy(&header, file_.data() + image_.header_offset_ + index * sizeof(header), sizeof(header));
        switch (header.type) {
        case segment_load: return header.memory_size == 0 && header.file_size == 0 ? Fault::none : add_segment(header);
        case segment_tls: return add_tls(header);
        case segment_interpreter: return Fault::needs_interpreter;
        case segment_dynamic: return Fault::needs_relocation;
        case segment_stack: return (header.flags & flag_execute) != 0 ? Fault::executable_stack : Fault::none;
        default: return Fault::none; // notes and the like ask for nothing
        }
    }

    Fault check_entry() const {
        if (image_.segment_count_ == 0)
            return Fault::no_segments;
        if (!is_canonical(image_.entry_))
            return Fault::entry_not_canonical;
        for (const Segment& segment : image_.segments()) {
            const AddressRange code{segment.address, segment.address + segment.file_size};
            if (segment.executable && code.contains(image_.entry_))
                return Fault::none;
        }
        return Fault::entry_not_code;
    }

private:
    Fault add_segment(const ProgramHeader& header) {
        if (const Fault fault = check_file_range(header, file_.size()); fault != Fault::none)
            return fault;
        if (const Fault fault = check_addresses(header, limits_); fault != Fault::none)
            return fault;
        if (const Fault fault = check_alignment(header); fault != Fault::none)
            return fault;
        const Segment segment = to_segment(header);
        if (segment.writable && segment.executable)
            return Fault::writable_and_executable;
        for (const AddressRange& reserved : limits_.reserved)
            if (segment.pages().overlaps(reserved))
                return Fault::reserved_address;
        if (const Fault fault = check_against_last(segment); fault != Fault::none)
            return fault;
        if (image_.segment_count_ == max_segments)
            return Fault::too_many_segments;
        image_.segments_[image_.segment_count_++] = segment;
        return Fault::none;
    }

    /// Segments ascend, so the last one is the only neighbour.
    Fault check_against_last(const Segment& segment) const {
        if (image_.segment_count_ == 0)
            return Fault::none;
        const Segment& last = image_.segments_[image_.segment_count_ - 1];
        if (segment.bytes().overlaps(last.bytes()))
            return Fault::segments_overlap;
        if (segment.address < last.address)
            return Fault::segments_out_of_order;
        if (segment.pages().overlaps(last.pages()))
            return Fault::segments_share_page;
        return Fault::none;
    }

    Fault add_tls(const ProgramHeader& header) {
        if (image_.tls_.memory_size != 0)
            return Fault::two_tls;
        if (header.memory_size == 0)
            return Fault::none;
        const bool bad_size = header.memory_size > limits_.max_segment_bytes;
        const bool bad_alignment = header.alignment > page_size || (header.alignment & (header.alignment - 1)) != 0;
        if (bad_size || bad_alignment || check_file_range(header, file_.size()) != Fault::none)
            return Fault::bad_tls;
        image_.tls_ = {header.address, header.memory_size, header.offset, header.file_size,
                       header.alignment == 0 ? 1 : header.alignment};
        return Fault::none;
    }

    std::span<const uint8_t> file_;
    const Limits& limits_;
    Image& image_;
};

Result<Image> Image::read(std::span<const uint8_t> file, const Limits& limits) {
    Image image;
    Reader reader(file, limits, image);
    if (const Fault fault = reader.read_file_header(); fault != Fault::none)
        return Error(ErrorCode::bad_elf, static_cast<Word>(fault));
    for (unsigned index = 0; index < image.header_count_; ++index)
        if (const Fault fault = reader.read_program_header(index); fault != Fault::none)
            return Error(ErrorCode::bad_elf, static_cast<Word>(fault), index);
    if (const Fault fault = reader.check_entry(); fault != Fault::none)
        return Error(ErrorCode::bad_elf, static_cast<Word>(fault));
    return image;
}

Word Image::header_address() const {
    const Word end = header_offset_ + header_count_ * sizeof(ProgramHeader);
    for (const Segment& segment : segments())
        if (segment.file_offset <= header_offset_ && end <= segment.file_offset + segment.file_size)
            return segment.address + (header_offset_ - segment.file_offset);
    return 0;
}

Word Image::page_count() const {
    Word pages = 0;
    for (const Segment& segment : segments())
        pages += (segment.pages().end - segment.pages().start) >> abi::page_bits;
    return pages;
}

} // namespace sys::elf
