// SPDX-License-Identifier: BSD-2-Clause
// Small ELF files for tests: a valid program, and single fields changed.
#pragma once

#include <cstring>
#include <sys/elf/format.hpp>
#include <vector>

/// text at 0x400000 (RX, file offset 0x1000, 64 bytes) and data at 0x401000 (RW, offset 0x2000, 32 of 0x1800 bytes).
class ElfBuilder {
public:
    ElfBuilder() {
        header.ident[0] = 0x7f;
        header.ident[1] = 'E';
        header.ident[2] = 'L';
        header.ident[3] = 'F';
        header.ident[4] = sys::elf::class_64;
        header.ident[5] = sys::elf::data_little_endian;
        header.ident[6] = sys::elf::version_current;
        header.type = sys::elf::type_executable;
        header.machine = sys::elf::machine_x86_64;
        header.version = sys::elf::version_current;
        header.entry = 0x400000;
        header.header_offset = sizeof(sys::elf::FileHeader);
        header.size = sizeof(sys::elf::FileHeader);
        header.header_entry_size = sizeof(sys::elf::ProgramHeader);
        add(sys::elf::segment_load, sys::elf::flag_read | sys::elf::flag_execute, 0x1000, 0x400000, 64, 64);
        add(sys::elf::segment_load, sys::elf::flag_read | sys::elf::flag_write, 0x2000, 0x401000, 32, 0x1800);
        header.header_count = 2;
    }

    sys::elf::ProgramHeader& add(uint32_t type, uint32_t flags, uint64_t offset, uint64_t address, uint64_t file_size,
                                 uint64_t memory_size, uint64_t alignment = 0x1000) {
        programs.push_back({type, flags, offset, address, address, file_size, memory_size, alignment});
        header.header_count = static_cast<uint16_t>(programs.size());
        return programs.back();
    }

    /// The file: headers, then filler up to `size` bytes.
    std::vector<uint8_t> bytes(size_t size = 0x2020) const {
        std::vector<uint8_t> file(size, 0x90);
        const auto put = [&](size_t offset, const void* data, size_t length) {
            if (offset < file.size())
                std::memcpy(file.data() + offset, data, std::min(length, file.size() - offset));
        };
        put(0, &header, sizeof(header));
        for (size_t i = 0; i < programs.size(); ++i)
            put(sizeof(header) + i * sizeof(sys::elf::ProgramHeader), &programs[i], sizeof(programs[i]));
        return file;
    }

    sys::elf::FileHeader header{};
    std::vector<sys::elf::ProgramHeader> programs;
};
