// SPDX-License-Identifier: BSD-2-Clause
// The ELF64 structures as they are in the file (System V ABI, "Object Files" and "Program Loading").
#pragma once

#include <stdint.h>

namespace sys::elf {

/// At the start of an ELF64 file.
struct FileHeader {
    uint8_t ident[16]; ///< magic, class, data, version, OS ABI, padding
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t header_offset; ///< of the program headers
    uint64_t section_offset;
    uint32_t flags;
    uint16_t size; ///< of this structure
    uint16_t header_entry_size;
    uint16_t header_count;
    uint16_t section_entry_size;
    uint16_t section_count;
    uint16_t section_names;
};

/// One row of its program header table.
struct ProgramHeader {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t address;
    uint64_t physical_address;
    uint64_t file_size;
    uint64_t memory_size;
    uint64_t alignment;
};

/// An entry of the table that PT_DYNAMIC names; the last has tag 0.
struct DynamicEntry {
    int64_t tag;
    uint64_t value;
};

/// A relocation with addend.
struct Relocation {
    uint64_t place;
    uint64_t info; ///< the low 32 bits: its kind
    int64_t addend;
    constexpr uint32_t kind() const { return static_cast<uint32_t>(info); }
};

inline constexpr uint8_t class_64 = 2, data_little_endian = 1, version_current = 1;
inline constexpr uint16_t type_executable = 2, type_dynamic = 3, machine_x86_64 = 62;
inline constexpr uint16_t extended_count = 0xffff; ///< PN_XNUM
inline constexpr uint32_t segment_load = 1, segment_dynamic = 2, segment_interpreter = 3, segment_tls = 7,
                          segment_stack = 0x6474'e551, segment_relro = 0x6474'e552;
inline constexpr int64_t dynamic_end = 0, dynamic_needed = 1, dynamic_rela = 7, dynamic_rela_size = 8,
                         dynamic_rela_entry = 9, dynamic_rel = 17, dynamic_text_relocations = 22,
                         dynamic_jump_relocations = 23, dynamic_relr = 36;
inline constexpr uint32_t relocation_none = 0, relocation_relative = 8; ///< R_X86_64_*
inline constexpr uint32_t flag_execute = 1, flag_write = 2, flag_read = 4;

static_assert(sizeof(FileHeader) == 64 && sizeof(ProgramHeader) == 56 && sizeof(DynamicEntry) == 16 &&
              sizeof(Relocation) == 24);

} // namespace sys::elf
