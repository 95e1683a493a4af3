// SPDX-License-Identifier: BSD-2-Clause
// Header first, then each program header on its own, then what concerns all of them together.
#include <boot/elf.hpp>

#include <lib/byte_view.hpp>

namespace kernel {
namespace {

constexpr Word header_size = 64;
constexpr Word program_header_size = 56;

constexpr uint8_t class_64 = 2, little_endian = 1, current_version = 1;
constexpr uint16_t type_executable = 2, type_shared = 3, machine_x86_64 = 62, extended_count = 0xffff;

namespace segment_type {
constexpr uint32_t load = 1, dynamic = 2, interpreter = 3, tls = 7;
}
constexpr uint32_t flag_executable = 1;

struct ProgramHeader {
    uint32_t type, flags;
    Word offset, address, file_size, memory_size, alignment;
};

Status<ElfError> fail(ElfError error) { return Failure{error}; }

Status<ElfError> check_identification(ByteView file) {
    if (file.size() == 0)
        return fail(ElfError::empty_file);
    if (!file.has(0, header_size))
        return fail(ElfError::truncated_header);
    if (file.u32(0) != 0x464c'457f) // 0x7f, "ELF"
        return fail(ElfError::bad_magic);
    if (file.u8(4) != class_64)
        return fail(ElfError::not_64_bit);
    if (file.u8(5) != little_endian)
        return fail(ElfError::not_little_endian);
    if (file.u8(6) != current_version || file.u32(20) != current_version)
        return fail(ElfError::bad_version);
    if (file.u16(18) != machine_x86_64)
        return fail(ElfError::wrong_machine);
    if (file.u16(16) == type_shared)
        return fail(ElfError::position_independent);
    if (file.u16(16) != type_executable)
        return fail(ElfError::wrong_type);
    if (file.u16(52) != header_size)
        return fail(ElfError::bad_header_size);
    return Nothing{};
}

/// The program headers as bytes; they lie inside the file.
Result<ByteView, ElfError> program_headers(ByteView file) {
    const Word offset = file.u64(32);
    const Word count = file.u16(56);
    if (count == 0)
        return Failure{ElfError::no_program_headers};
    if (file.u16(54) != program_header_size)
        return Failure{ElfError::bad_program_header_size};
    if (count == extended_count)
        return Failure{ElfError::extended_numbering};
    if (count > ElfImage::max_program_headers)
        return Failure{ElfError::too_many_program_headers};
    const Word size = count * program_header_size;
    if (offset + size < offset)
        return Failure{ElfError::program_headers_wrap};
    if (!file.has(offset, size))
        return Failure{ElfError::program_headers_past_end};
    if (offset < header_size)
        return Failure{ElfError::program_headers_overlap_header};
    return file.part(offset, size);
}

ProgramHeader read_program_header(ByteView bytes) {
    return {bytes.u32(0),  bytes.u32(4),  bytes.u64(8), bytes.u64(16),
            bytes.u64(32), bytes.u64(40), bytes.u64(48)}; // 24: physical address, without a meaning here
}

Status<ElfError> check_file_range(const ProgramHeader& header, ByteView file) {
    if (header.offset + header.file_size < header.offset)
        return fail(ElfError::segment_file_wraps);
    if (!file.has(header.offset, header.file_size))
        return fail(ElfError::segment_past_end);
    if (header.file_size > header.memory_size)
        return fail(ElfError::segment_file_exceeds_memory);
    return Nothing{};
}

Status<ElfError> check_address_range(const ProgramHeader& header) {
    const VirtAddr start(header.address);
    if (!start.is_canonical())
        return fail(ElfError::segment_not_canonical);
    if (header.address + header.memory_size < header.address)
        return fail(ElfError::segment_wraps);
    if (header.memory_size > ElfImage::max_bytes)
        return fail(ElfError::segment_too_large);
    if (header.address >> 63 != 0)
        return fail(ElfError::segment_in_kernel_half);
    if (start + header.memory_size > ElfImage::highest_end)
        return fail(ElfError::segment_past_user_half);
    if (header.address < 4096)
        return fail(ElfError::segment_in_page_zero);
    return Nothing{};
}

/// 0 and 1 both mean that there is no constraint.
Status<ElfError> check_alignment(const ProgramHeader& header) {
    if (header.alignment <= 1)
        return Nothing{};
    if ((header.alignment & (header.alignment - 1)) != 0)
        return fail(ElfError::segment_bad_alignment);
    if (!is_aligned(header.address - header.offset, header.alignment))
        return fail(ElfError::segment_misaligned);
    return Nothing{};
}

Status<ElfError> add_segment(const ProgramHeader& header, ByteView file, ElfImage& image) {
    TRY(check_file_range(header, file));
    if (header.memory_size == 0)
        return Nothing{};
    TRY(check_address_range(header));
    TRY(check_alignment(header));
    const ElfSegment segment{header.offset, header.file_size, VirtAddr(header.address), header.memory_size,
                             (header.flags & flag_executable) != 0};
    if (!image.segments.is_empty()) {
        const ElfSegment& last = image.segments[image.segments.size() - 1];
        if (segment.address < last.end() && last.address < segment.end())
            return fail(ElfError::segments_overlap);
        if (segment.address < last.address)
            return fail(ElfError::segments_out_of_order);
    }
    return image.segments.push(segment) ? Status<ElfError>(Nothing{}) : fail(ElfError::too_many_segments);
}

/// The kernel makes nothing of thread-local storage; the root task will, and may trust its loader.
Status<ElfError> check_tls(const ProgramHeader& header, ByteView file) {
    const bool fits_memory = header.memory_size <= ElfImage::max_bytes && header.file_size <= header.memory_size;
    if (!fits_memory || !file.has(header.offset, header.file_size) ||
        header.address + header.memory_size < header.address)
        return fail(ElfError::bad_tls);
    return Nothing{};
}

Status<ElfError> read_segments(ByteView headers, ByteView file, ElfImage& image) {
    bool seen_tls = false;
    for (Word offset = 0; offset < headers.size(); offset += program_header_size) {
        const ProgramHeader header = read_program_header(headers.part(offset, program_header_size));
        switch (header.type) {
        case segment_type::load: TRY(add_segment(header, file, image)); break;
        case segment_type::interpreter: return fail(ElfError::needs_interpreter);
        case segment_type::dynamic: return fail(ElfError::needs_dynamic_linking);
        case segment_type::tls:
            if (seen_tls)
                return fail(ElfError::duplicate_tls);
            seen_tls = true;
            TRY(check_tls(header, file));
            break;
        default: break;
        }
    }
    return image.segments.is_empty() ? fail(ElfError::no_segments) : Status<ElfError>(Nothing{});
}

Status<ElfError> check_entry(const ElfImage& image) {
    if (!image.entry.is_canonical())
        return fail(ElfError::entry_not_canonical);
    for (const ElfSegment& segment : image.segments) {
        if (!segment.executable || image.entry < segment.address || image.entry >= segment.end())
            continue;
        return image.entry < segment.file_end() ? Status<ElfError>(Nothing{}) : fail(ElfError::entry_in_bss);
    }
    return fail(ElfError::entry_outside_code);
}

} // namespace

Status<ElfError> read_elf(std::span<const std::byte> file, ElfImage& image) {
    const ByteView view(file);
    image.segments.clear();
    TRY(check_identification(view));
    image.entry = VirtAddr(view.u64(24));
    const ByteView headers = TRY(program_headers(view));
    TRY(read_segments(headers, view, image));
    if (image.end() - image.start() > ElfImage::max_bytes)
        return fail(ElfError::image_too_large);
    return check_entry(image);
}

void fill_image_page(std::span<const std::byte> file, const ElfImage& image, VirtAddr page,
                     std::span<std::byte, 4096> target) {
    for (std::byte& byte : target)
        byte = std::byte{0};
    const VirtAddr page_end = page + target.size();
    for (const ElfSegment& segment : image.segments) {
        const VirtAddr start = segment.address < page ? page : segment.address;
        const VirtAddr end = segment.file_end() < page_end ? segment.file_end() : page_end;
        if (end <= start)
            continue;
        const ByteView source = ByteView(file).part(segment.file_offset + (start - segment.address), end - start);
        for (size_t i = 0; i < source.size(); ++i)
            target[start - page + i] = source.bytes()[i];
    }
}

} // namespace kernel
