// SPDX-License-Identifier: BSD-2-Clause
// Why an ELF file is refused. Every reason has its own name and sentence.
#pragma once

#include <sys/error.hpp>

namespace sys::elf {

enum class Fault : Word {
    none = 0,
    empty_file,
    truncated_header, ///< shorter than the ELF header
    bad_magic,
    not_64_bit,
    not_little_endian,
    bad_version,
    wrong_machine,
    position_independent, ///< ET_DYN, where it is not wanted
    not_a_program,        ///< ET_REL, ET_CORE or an unknown type
    bad_header_size,      ///< e_ehsize is not 64
    headers_outside_file,
    headers_wrap,          ///< e_phoff + table size exceeds 64 bits
    bad_header_entry_size, ///< e_phentsize is not 56
    no_program_headers,
    too_many_headers, ///< e_phnum is PN_XNUM
    no_segments,      ///< nothing to load
    too_many_segments,
    segment_outside_file,
    segment_offset_wraps,    ///< p_offset + p_filesz exceeds 64 bits
    file_larger_than_memory, ///< p_filesz > p_memsz
    segment_too_large,
    address_wraps, ///< p_vaddr + p_memsz exceeds 64 bits
    non_canonical_address,
    kernel_address, ///< at or above the end of the user half
    page_zero,
    reserved_address,   ///< where the stack or the IPC buffer will be
    bad_alignment,      ///< p_align is not a power of two, or absurd
    misaligned_segment, ///< p_vaddr and p_offset differ modulo p_align
    segments_out_of_order,
    segments_overlap,
    segments_share_page,
    writable_and_executable,
    entry_not_canonical,
    entry_not_code, ///< not in the file part of an executable segment
    needs_interpreter,
    needs_relocation, ///< PT_DYNAMIC
    bad_tls,
    two_tls,
    executable_stack,
    bad_dynamic,        ///< a PT_DYNAMIC that is malformed, or a second one
    needs_library,      ///< DT_NEEDED
    bad_relocations,    ///< a table that is not in the file, or not of DT_RELA's form
    unknown_relocation, ///< another kind than R_X86_64_RELATIVE
    relocated_code,     ///< a relocation of code, or of nothing that is in the file
    bad_relro,          ///< a PT_GNU_RELRO that is no beginning of a writable segment, in whole pages
};

constexpr const char* describe(Fault fault) {
    switch (fault) {
    case Fault::none: return "the file is valid";
    case Fault::empty_file: return "the file is empty";
    case Fault::truncated_header: return "the file is shorter than an ELF header";
    case Fault::bad_magic: return "not an ELF file";
    case Fault::not_64_bit: return "not a 64-bit ELF file";
    case Fault::not_little_endian: return "not a little-endian ELF file";
    case Fault::bad_version: return "unknown ELF version";
    case Fault::wrong_machine: return "not for x86-64";
    case Fault::position_independent: return "position-independent (ET_DYN), but only static programs are loaded";
    case Fault::not_a_program: return "not an executable program";
    case Fault::bad_header_size: return "wrong ELF header size";
    case Fault::headers_outside_file: return "program headers beyond the end of the file";
    case Fault::headers_wrap: return "program header offset wraps around";
    case Fault::bad_header_entry_size: return "wrong program header size";
    case Fault::no_program_headers: return "no program headers";
    case Fault::too_many_headers: return "too many program headers";
    case Fault::no_segments: return "nothing to load";
    case Fault::too_many_segments: return "too many segments";
    case Fault::segment_outside_file: return "a segment beyond the end of the file";
    case Fault::segment_offset_wraps: return "a segment's file offset wraps around";
    case Fault::file_larger_than_memory: return "a segment larger in the file than in memory";
    case Fault::segment_too_large: return "a segment too large to load";
    case Fault::address_wraps: return "a segment's address wraps around";
    case Fault::non_canonical_address: return "a segment at a non-canonical address";
    case Fault::kernel_address: return "a segment outside the user half";
    case Fault::page_zero: return "a segment in page zero";
    case Fault::reserved_address: return "a segment where stack or IPC buffer belong";
    case Fault::bad_alignment: return "a segment with an impossible alignment";
    case Fault::misaligned_segment: return "a segment whose address and offset disagree";
    case Fault::segments_out_of_order: return "segments out of order";
    case Fault::segments_overlap: return "overlapping segments";
    case Fault::segments_share_page: return "two segments in one page";
    case Fault::writable_and_executable: return "a segment both writable and executable";
    case Fault::entry_not_canonical: return "a non-canonical entry point";
    case Fault::entry_not_code: return "an entry point outside the code";
    case Fault::needs_interpreter: return "a program that needs an interpreter";
    case Fault::needs_relocation: return "a dynamically linked program";
    case Fault::bad_tls: return "malformed thread-local storage";
    case Fault::two_tls: return "two thread-local storage segments";
    case Fault::executable_stack: return "a program that wants an executable stack";
    case Fault::bad_dynamic: return "a malformed dynamic table";
    case Fault::needs_library: return "a program that needs a shared library";
    case Fault::bad_relocations: return "a malformed relocation table";
    case Fault::unknown_relocation: return "a relocation that is not relative";
    case Fault::relocated_code: return "a relocation outside of the data";
    case Fault::bad_relro: return "malformed read-only data after relocation";
    }
    return "unknown fault";
}

/// The fault in an error of code bad_elf.
constexpr Fault fault_of(const Error& error) {
    return error == ErrorCode::bad_elf ? static_cast<Fault>(error.detail(0)) : Fault::none;
}

} // namespace sys::elf
