// SPDX-License-Identifier: BSD-2-Clause
// Reader of the root task's file: a static little-endian ELF64 executable (System V ABI, "Object Files"). The file is
// foreign data: each way to be malformed is a panic with its own sentence. Every field is read once, into ElfImage, so
// that later changes of the file change contents at most, never where they go.
//
// Not refused, because the contract has the whole range of the image mapped readable, writable and executable and
// passes no stack, so that nothing depends on it: writable and executable segments; two segments of different rights
// in one page; PT_GNU_STACK with execute. Also harmless: an empty segment (skipped), segments that contain the
// headers, unknown OS ABI and program header types, section headers (never read).
#pragma once

#include <lib/byte_view.hpp>
#include <lib/fixed_list.hpp>
#include <mem/address.hpp>

namespace kernel {

/// file_size bytes at file_offset go to `address`, zeros follow up to memory_size.
struct ElfSegment {
    Word file_offset;
    Word file_size;
    VirtAddr address;
    Word memory_size;
    bool executable;

    constexpr VirtAddr file_end() const { return address + file_size; }
    constexpr VirtAddr end() const { return address + memory_size; }
};

struct ElfImage {
    static constexpr size_t max_segments = 16;
    static constexpr size_t max_program_headers = 64;
    static constexpr Word max_bytes = Word{1} << 30;
    /// Segments end at or below this. Behind the image there is room for the IPC buffer, the boot information and up
    /// to 64 KiB more, and the last page below 2^47 stays free: a SYSCALL in it would return to a non-canonical
    /// address.
    static constexpr VirtAddr highest_end{0x8000'0000'0000 - 0x20000};

    FixedList<ElfSegment, max_segments> segments; ///< ascending, disjoint, none empty
    VirtAddr entry;

    /// Lowest loaded address, rounded down to a page.
    constexpr VirtAddr start() const { return segments[0].address.aligned_down(4096); }
    /// End of the highest segment, rounded up to a page.
    constexpr VirtAddr end() const { return VirtAddr(align_up(segments.last().end().raw(), 4096)); }
    constexpr Word page_count() const { return (end() - start()) / 4096; }
};

void read_elf(ByteView file, ElfImage& image);

/// Copies what `image`, read from `file`, has from image.start() on to `memory`: image.page_count() pages of zeros.
void load_image(ByteView file, const ElfImage& image, std::span<std::byte> memory);

} // namespace kernel
