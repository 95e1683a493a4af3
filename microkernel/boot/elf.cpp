// SPDX-License-Identifier: BSD-2-Clause
// Header first, then each program header on its own, then what concerns all of them together.
#include <boot/elf.hpp>

#include <lib/assert.hpp>

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

void check_header(ByteView file) {
    require(file.size() != 0, "root task: the file is empty");
    require(file.has(0, header_size), "root task: the file is shorter than an ELF header");
    require(file.u32(0) == 0x464c'457f, "root task: the file does not start with the ELF magic number"); // 0x7f, "ELF"
    require(file.u8(4) == class_64, "root task: the file is not of class ELF64");
    require(file.u8(5) == little_endian, "root task: the file is not little-endian");
    require(file.u8(6) == current_version && file.u32(20) == current_version,
            "root task: the file's ELF version is not 1");
    require(file.u16(18) == machine_x86_64, "root task: the file is not for x86-64");
    require(file.u16(16) != type_shared, "root task: the file is position-independent or a shared library");
    require(file.u16(16) == type_executable, "root task: the file is not executable");
    require(file.u16(52) == header_size, "root task: the ELF header states a wrong size of its own");
}

ByteView program_headers(ByteView file) {
    const Word offset = file.u64(32);
    const Word count = file.u16(56);
    require(count != 0, "root task: the file has no program headers");
    require(file.u16(54) == program_header_size, "root task: program headers are not 56 bytes long");
    require(count != extended_count, "root task: the number of program headers is not in the ELF header");
    require(count <= ElfImage::max_program_headers, "root task: the file has too many program headers");
    const Word size = count * program_header_size;
    require(offset + size >= offset, "root task: the program headers wrap around the end of the address space");
    require(file.has(offset, size), "root task: the program headers extend past the end of the file");
    require(offset >= header_size, "root task: the program headers overlap the ELF header");
    return file.part(offset, size);
}

/// At offset 24 is the physical address, without a meaning here.
ElfSegment read_segment(ByteView header) {
    return {header.u64(8), header.u64(32), VirtAddr(header.u64(16)), header.u64(40),
            (header.u32(4) & flag_executable) != 0};
}

void check_address_range(const ElfSegment& segment) {
    require(segment.address.is_canonical(), "root task: a segment's address is not canonical");
    require(segment.end() >= segment.address, "root task: a segment wraps around the end of the address space");
    require(segment.memory_size <= ElfImage::max_bytes, "root task: a segment is larger than 1 GiB");
    require(segment.address.raw() >> 63 == 0, "root task: a segment lies in the kernel half");
    require(segment.end() <= ElfImage::highest_end,
            "root task: a segment leaves no room below the end of the user half");
    require(segment.address.raw() >= 4096, "root task: a segment lies in page 0");
}

/// 0 and 1 both mean that there is no constraint.
void check_alignment(const ElfSegment& segment, Word alignment) {
    if (alignment <= 1)
        return;
    require((alignment & (alignment - 1)) == 0, "root task: a segment's alignment is not a power of two");
    require(is_aligned(segment.address.raw() - segment.file_offset, alignment),
            "root task: a segment's address and file offset differ modulo its alignment");
}

void add_segment(ByteView header, ByteView file, ElfImage& image) {
    const ElfSegment segment = read_segment(header);
    require(segment.file_offset + segment.file_size >= segment.file_offset,
            "root task: a segment's file range wraps around");
    require(file.has(segment.file_offset, segment.file_size), "root task: a segment extends past the end of the file");
    require(segment.file_size <= segment.memory_size, "root task: a segment is larger in the file than in memory");
    if (segment.memory_size == 0)
        return;
    check_address_range(segment);
    check_alignment(segment, header.u64(48));
    if (!image.segments.is_empty()) {
        const ElfSegment& last = image.segments.last();
        require(segment.address >= last.end() || last.address >= segment.end(), "root task: two segments overlap");
        require(segment.address >= last.address, "root task: segments are not in ascending order");
    }
    require(image.segments.push(segment), "root task: the file has too many segments to load");
}

/// The kernel makes nothing of thread-local storage; the root task will, and may trust its loader.
void check_tls(const ElfSegment& segment, ByteView file) {
    require(segment.memory_size <= ElfImage::max_bytes && segment.file_size <= segment.memory_size &&
                file.has(segment.file_offset, segment.file_size) && segment.end() >= segment.address,
            "root task: the thread-local segment does not fit into file or memory");
}

void read_segments(ByteView headers, ByteView file, ElfImage& image) {
    bool seen_tls = false;
    for (Word offset = 0; offset < headers.size(); offset += program_header_size) {
        const ByteView header = headers.part(offset, program_header_size);
        switch (header.u32(0)) {
        case segment_type::load: add_segment(header, file, image); break;
        case segment_type::interpreter: panic("root task: the file asks for an interpreter");
        case segment_type::dynamic: panic("root task: the file asks for dynamic linking");
        case segment_type::tls:
            require(!seen_tls, "root task: the file has two thread-local segments");
            seen_tls = true;
            check_tls(read_segment(header), file);
            break;
        default: break;
        }
    }
    require(!image.segments.is_empty(), "root task: the file has nothing to load");
    require(image.end() - image.start() <= ElfImage::max_bytes, "root task: the segments span more than 1 GiB");
}

void check_entry(const ElfImage& image) {
    require(image.entry.is_canonical(), "root task: the entry point is not canonical");
    const auto* code = std::ranges::find_if(image.segments, [&](const ElfSegment& segment) {
        return segment.executable && segment.address <= image.entry && image.entry < segment.end();
    });
    require(code != image.segments.end(), "root task: the entry point lies outside executable segments");
    require(image.entry < code->file_end(), "root task: the entry point lies behind the bytes of the file");
}

} // namespace

void read_elf(ByteView file, ElfImage& image) {
    check_header(file);
    image.segments.clear();
    image.entry = VirtAddr(file.u64(24));
    read_segments(program_headers(file), file, image);
    check_entry(image);
}

void load_image(ByteView file, const ElfImage& image, std::span<std::byte> memory) {
    for (const ElfSegment& segment : image.segments) {
        const auto bytes = file.part(segment.file_offset, segment.file_size).bytes();
        std::copy(bytes.begin(), bytes.end(), memory.begin() + (segment.address - image.start()));
    }
}

} // namespace kernel
