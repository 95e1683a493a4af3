// SPDX-License-Identifier: BSD-2-Clause
// Everything that may be wrong with the root task's file, each with its own name and sentence.
#pragma once

#include <cstdint>

namespace kernel {

enum class ElfError : uint8_t {
    empty_file,
    truncated_header,
    bad_magic,
    not_64_bit,
    not_little_endian,
    bad_version,
    wrong_machine,
    position_independent,
    wrong_type,
    bad_header_size,
    bad_program_header_size,
    no_program_headers,
    extended_numbering,
    too_many_program_headers,
    program_headers_wrap,
    program_headers_past_end,
    program_headers_overlap_header,
    needs_interpreter,
    needs_dynamic_linking,
    duplicate_tls,
    bad_tls,
    too_many_segments,
    no_segments,
    segment_file_wraps,
    segment_past_end,
    segment_file_exceeds_memory,
    segment_wraps,
    segment_too_large,
    segment_not_canonical,
    segment_in_kernel_half,
    segment_past_user_half,
    segment_in_page_zero,
    segment_bad_alignment,
    segment_misaligned,
    segments_out_of_order,
    segments_overlap,
    image_too_large,
    entry_not_canonical,
    entry_outside_code,
    entry_in_bss,
};

/// One English sentence without a full stop, for the panic line.
constexpr const char* describe(ElfError error) {
    switch (error) {
    case ElfError::empty_file: return "the file is empty";
    case ElfError::truncated_header: return "the file is shorter than an ELF header";
    case ElfError::bad_magic: return "the file does not start with the ELF magic number";
    case ElfError::not_64_bit: return "the file is not of class ELF64";
    case ElfError::not_little_endian: return "the file is not little-endian";
    case ElfError::bad_version: return "the file's ELF version is not 1";
    case ElfError::wrong_machine: return "the file is not for x86-64";
    case ElfError::position_independent: return "the file is position-independent or a shared library";
    case ElfError::wrong_type: return "the file is not executable";
    case ElfError::bad_header_size: return "the ELF header states a wrong size of its own";
    case ElfError::bad_program_header_size: return "program headers are not 56 bytes long";
    case ElfError::no_program_headers: return "the file has no program headers";
    case ElfError::extended_numbering: return "the number of program headers is not in the ELF header";
    case ElfError::too_many_program_headers: return "the file has too many program headers";
    case ElfError::program_headers_wrap: return "the program headers wrap around the end of the address space";
    case ElfError::program_headers_past_end: return "the program headers extend past the end of the file";
    case ElfError::program_headers_overlap_header: return "the program headers overlap the ELF header";
    case ElfError::needs_interpreter: return "the file asks for an interpreter";
    case ElfError::needs_dynamic_linking: return "the file asks for dynamic linking";
    case ElfError::duplicate_tls: return "the file has two thread-local segments";
    case ElfError::bad_tls: return "the thread-local segment does not fit into file or memory";
    case ElfError::too_many_segments: return "the file has too many segments to load";
    case ElfError::no_segments: return "the file has nothing to load";
    case ElfError::segment_file_wraps: return "a segment's file range wraps around";
    case ElfError::segment_past_end: return "a segment extends past the end of the file";
    case ElfError::segment_file_exceeds_memory: return "a segment is larger in the file than in memory";
    case ElfError::segment_wraps: return "a segment wraps around the end of the address space";
    case ElfError::segment_too_large: return "a segment is larger than 1 GiB";
    case ElfError::segment_not_canonical: return "a segment's address is not canonical";
    case ElfError::segment_in_kernel_half: return "a segment lies in the kernel half";
    case ElfError::segment_past_user_half: return "a segment leaves no room below the end of the user half";
    case ElfError::segment_in_page_zero: return "a segment lies in page 0";
    case ElfError::segment_bad_alignment: return "a segment's alignment is not a power of two";
    case ElfError::segment_misaligned: return "a segment's address and file offset differ modulo its alignment";
    case ElfError::segments_out_of_order: return "segments are not in ascending order";
    case ElfError::segments_overlap: return "two segments overlap";
    case ElfError::image_too_large: return "the segments span more than 1 GiB";
    case ElfError::entry_not_canonical: return "the entry point is not canonical";
    case ElfError::entry_outside_code: return "the entry point lies outside executable segments";
    case ElfError::entry_in_bss: return "the entry point lies behind the bytes of the file";
    }
    return "unknown ELF error";
}

} // namespace kernel
