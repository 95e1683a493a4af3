// SPDX-License-Identifier: BSD-2-Clause
// Builds small ELF64 executables, well-formed unless told otherwise.
#pragma once

#include <support/byte_builder.hpp>

#include <cstdint>
#include <vector>

namespace test {

/// A program header as it stands in the file.
struct ElfHeader {
    uint32_t type = 1, flags = 5;
    uint64_t offset = 0x1000, address = 0x40'1000, physical = 0, file_size = 0x20, memory_size = 0x20,
             alignment = 0x1000;
};

/// Offsets of fields of the ELF header and, counted from its start, of a program header.
namespace elf_field {
inline constexpr size_t elf_class = 4, byte_order = 5, identification_version = 6, type = 16, machine = 18,
                        version = 20, entry = 24, program_headers = 32, header_size = 52, program_header_size = 54,
                        program_header_count = 56;
}

class ElfBuilder {
public:
    static constexpr size_t header_bytes = 64, program_header_bytes = 56;

    uint64_t entry = 0x40'1000;
    size_t file_bytes = 0x1100;
    std::vector<ElfHeader> headers{ElfHeader{}};

    /// The header alone is changed by `finished().set(...)`. Behind the headers the byte at offset n is n % 251.
    ByteBuilder finished() const {
        ByteBuilder file;
        file.add<uint32_t>(0x464c'457f).add<uint8_t>(2).add<uint8_t>(1).add<uint8_t>(1).zeros(9);
        file.add<uint16_t>(2).add<uint16_t>(62).add<uint32_t>(1).add(entry).add<uint64_t>(header_bytes);
        file.add<uint64_t>(0).add<uint32_t>(0).add<uint16_t>(header_bytes).add<uint16_t>(program_header_bytes);
        file.add(static_cast<uint16_t>(headers.size())).zeros(6);
        for (const ElfHeader& h : headers)
            file.add(h.type)
                .add(h.flags)
                .add(h.offset)
                .add(h.address)
                .add(h.physical)
                .add(h.file_size)
                .add(h.memory_size)
                .add(h.alignment);
        for (size_t offset = file.size(); offset < file_bytes; ++offset)
            file.add(static_cast<uint8_t>(offset % 251));
        return file;
    }
};

} // namespace test
