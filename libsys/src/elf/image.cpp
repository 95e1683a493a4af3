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

Fault check_file_header(const FileHeader& header, bool movable) {
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
    if (header.type == type_dynamic && !movable)
        return Fault::position_independent;
    if (header.type != type_executable && header.type != type_dynamic)
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

Fault check_addresses(const ProgramHeader& header, const Limits& limits, bool movable) {
    if (header.memory_size > limits.max_segment_bytes)
        return Fault::segment_too_large;
    const Word end = header.address + header.memory_size;
    if (end < header.address)
        return Fault::address_wraps;
    if (!is_canonical(header.address))
        return Fault::non_canonical_address;
    if (end > abi::user_end)
        return Fault::kernel_address;
    if (header.address < page_size && !movable)
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
        if (const Fault fault = check_file_header(header, limits_.movable); fault != Fault::none)
            return fault;
        if (const Fault fault = check_header_table(header, file_.size()); fault != Fault::none)
            return fault;
        image_.movable_ = header.type == type_dynamic;
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
        case segment_dynamic:
            return note(dynamic_, header, image_.movable_ ? Fault::bad_dynamic : Fault::needs_relocation);
        case segment_relro: return note(relro_, header, Fault::bad_relro);
        case segment_stack: return (header.flags & flag_execute) != 0 ? Fault::executable_stack : Fault::none;
        default: return Fault::none; // notes and the like ask for nothing
        }
    }

    /// What only position-independent programs have, when all segments are known.
    Fault read_dynamic() {
        if (!image_.movable_)
            return Fault::none;
        if (dynamic_.type != 0)
            if (const Fault fault = read_dynamic_table(); fault != Fault::none)
                return fault;
        return relro_.type != 0 ? split_relro() : Fault::none;
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
        if (const Fault fault = check_addresses(header, limits_, image_.movable_); fault != Fault::none)
            return fault;
        if (const Fault fault = check_alignment(header); fault != Fault::none)
            return fault;
        const Segment segment = to_segment(header);
        if (segment.writable && segment.executable)
            return Fault::writable_and_executable;
        for (const AddressRange& reserved : limits_.reserved)
            if (!image_.movable_ && segment.pages().overlaps(reserved))
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

    /// Only one is allowed, and those that a fixed program may have mean nothing there.
    Fault note(ProgramHeader& place, const ProgramHeader& header, Fault otherwise) const {
        if (header.type == segment_dynamic && !image_.movable_)
            return otherwise;
        if (place.type != 0 || check_file_range(header, file_.size()) != Fault::none)
            return image_.movable_ ? otherwise : Fault::none;
        place = header;
        return Fault::none;
    }

    template <class T>
    T read_at(Word offset) const {
        T value;
        memcpy(&value, file_.data() + offset, sizeof(value));
        return value;
    }

    Fault read_dynamic_table() {
        Word address = 0, size = 0;
        for (Word done = 0;; done += sizeof(DynamicEntry)) {
            if (done + sizeof(DynamicEntry) > dynamic_.file_size)
                return Fault::bad_dynamic;
            const auto entry = read_at<DynamicEntry>(dynamic_.offset + done);
            switch (entry.tag) {
            case dynamic_end: return size == 0 ? Fault::none : read_relocations(address, size);
            case dynamic_needed: return Fault::needs_library;
            case dynamic_rela: address = entry.value; break;
            case dynamic_rela_size: size = entry.value; break;
            case dynamic_rela_entry:
                if (entry.value != sizeof(Relocation))
                    return Fault::bad_relocations;
                break;
            case dynamic_rel:
            case dynamic_relr:
            case dynamic_text_relocations:
            case dynamic_jump_relocations: return Fault::unknown_relocation;
            default: break; // symbols and the like
            }
        }
    }

    /// The segment whose bytes in the file are at these addresses; null if there is none.
    const Segment* segment_of(Word address, Word size) const {
        for (const Segment& segment : image_.segments())
            if (address >= segment.address && size <= segment.file_size &&
                address - segment.address <= segment.file_size - size)
                return &segment;
        return nullptr;
    }

    Fault read_relocations(Word address, Word size) {
        const Segment* const table = segment_of(address, size);
        if (table == nullptr || size % sizeof(Relocation) != 0)
            return Fault::bad_relocations;
        image_.relocation_offset_ = table->file_offset + (address - table->address);
        image_.relocation_count_ = static_cast<unsigned>(size / sizeof(Relocation));
        for (unsigned i = 0; i < image_.relocation_count_; ++i) {
            const auto relocation = read_at<Relocation>(image_.relocation_offset_ + i * sizeof(Relocation));
            if (relocation.kind() == relocation_none)
                continue;
            if (relocation.kind() != relocation_relative)
                return Fault::unknown_relocation;
            const Segment* const place = segment_of(relocation.place, sizeof(Word));
            if (place == nullptr || place->executable)
                return Fault::relocated_code;
        }
        return Fault::none;
    }

    /// The beginning of a writable segment is read-only to the program: a segment of its own.
    Fault split_relro() {
        for (unsigned i = 0; i < image_.segment_count_; ++i) {
            Segment& segment = image_.segments_[i];
            const Word end = relro_.address + relro_.memory_size;
            if (!segment.writable || relro_.address != segment.address || !segment.bytes().contains(end - 1))
                continue;
            if (end % page_size != 0 || end < relro_.address || image_.segment_count_ == max_segments)
                return Fault::bad_relro;
            const Word front = end - segment.address, in_file = front < segment.file_size ? front : segment.file_size;
            if (front == segment.memory_size) {
                segment.writable = false;
                return Fault::none;
            }
            for (unsigned behind = image_.segment_count_++; behind > i; --behind)
                image_.segments_[behind] = image_.segments_[behind - 1];
            image_.segments_[i] = {segment.address, front, segment.file_offset, in_file, false, false};
            Segment& rest = image_.segments_[i + 1];
            rest = {end, rest.memory_size - front, rest.file_offset + in_file, rest.file_size - in_file, true, false};
            return Fault::none;
        }
        return Fault::bad_relro;
    }

    std::span<const uint8_t> file_;
    const Limits& limits_;
    Image& image_;
    ProgramHeader dynamic_{}, relro_{}; ///< type 0: there is none
};

Result<Image> Image::read(std::span<const uint8_t> file, const Limits& limits) {
    Image image;
    Reader reader(file, limits, image);
    if (const Fault fault = reader.read_file_header(); fault != Fault::none)
        return Error(ErrorCode::bad_elf, static_cast<Word>(fault));
    for (unsigned index = 0; index < image.header_count_; ++index)
        if (const Fault fault = reader.read_program_header(index); fault != Fault::none)
            return Error(ErrorCode::bad_elf, static_cast<Word>(fault), index);
    if (const Fault fault = reader.read_dynamic(); fault != Fault::none)
        return Error(ErrorCode::bad_elf, static_cast<Word>(fault));
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

bool Image::relocate(std::span<const uint8_t> file, Word base, Word address, std::span<uint8_t> bytes) const {
    bool changed = false;
    for (unsigned i = 0; i < relocation_count_; ++i) {
        Relocation relocation;
        memcpy(&relocation, file.data() + relocation_offset_ + i * sizeof(Relocation), sizeof(relocation));
        if (relocation.kind() != relocation_relative)
            continue;
        const Word value = base + static_cast<Word>(relocation.addend);
        for (unsigned byte = 0; byte < sizeof(value); ++byte) { // it may lie across the edge
            const Word at = relocation.place + byte - address;
            if (at >= bytes.size())
                continue;
            bytes[at] = static_cast<uint8_t>(value >> 8 * byte);
            changed = true;
        }
    }
    return changed;
}

Word Image::page_count() const {
    Word pages = 0;
    for (const Segment& segment : segments())
        pages += (segment.pages().end - segment.pages().start) >> abi::page_bits;
    return pages;
}

} // namespace sys::elf
