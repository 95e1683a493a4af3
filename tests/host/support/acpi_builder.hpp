// SPDX-License-Identifier: BSD-2-Clause
// ACPI tables in a pretended physical memory, well-formed unless told otherwise.
#pragma once

#include <support/byte_builder.hpp>

#include <boot/boot_image.hpp>

#include <algorithm>
#include <map>
#include <string_view>

namespace test {

/// Physical memory from address 0 on: all zero where nothing was put, and ended by the last byte that was.
class FakePhysicalMemory {
public:
    void put(uint64_t address, std::span<const std::byte> bytes) { blocks_[address] = {bytes.begin(), bytes.end()}; }
    void remove(uint64_t address) { blocks_.erase(address); }

    ExactBytes bytes() const {
        std::vector<std::byte> all;
        for (const auto& [address, block] : blocks_) {
            all.resize(std::max<size_t>(all.size(), address + block.size()));
            std::copy(block.begin(), block.end(), all.begin() + static_cast<ptrdiff_t>(address));
        }
        return ExactBytes(all);
    }

private:
    std::map<uint64_t, std::vector<std::byte>> blocks_;
};

/// A table with the given signature and contents behind its header; length and checksum are right.
inline ByteBuilder acpi_table(std::string_view signature, std::span<const std::byte> contents) {
    ByteBuilder table;
    table.text(signature).add(static_cast<uint32_t>(36 + contents.size())).add<uint8_t>(1).add<uint8_t>(0);
    table.text("UMBRA TEST    ").zeros(12).append(contents);
    return table.fix_checksum(0, table.size(), 9);
}

/// Contents of a MADT.
class MadtBuilder {
public:
    explicit MadtBuilder(uint32_t local_apic = 0xfee0'0000, uint32_t flags = 1) { bytes_.add(local_apic).add(flags); }
    MadtBuilder& local_apic(uint8_t id, uint32_t flags) {
        bytes_.add<uint8_t>(0).add<uint8_t>(8).add(id).add(id).add(flags);
        return *this;
    }
    MadtBuilder& io_apic(uint8_t id, uint32_t address, uint32_t first) {
        bytes_.add<uint8_t>(1).add<uint8_t>(12).add(id).add<uint8_t>(0).add(address).add(first);
        return *this;
    }
    MadtBuilder& source_override(uint8_t bus, uint8_t line, uint32_t interrupt, uint16_t flags) {
        bytes_.add<uint8_t>(2).add<uint8_t>(10).add(bus).add(line).add(interrupt).add(flags);
        return *this;
    }
    MadtBuilder& local_apic_address(uint64_t address) {
        bytes_.add<uint8_t>(5).add<uint8_t>(12).zeros(2).add(address);
        return *this;
    }
    MadtBuilder& raw(uint8_t type, uint8_t length, size_t bytes) {
        bytes_.add(type).add(length).zeros(bytes);
        return *this;
    }
    ByteBuilder table() const { return acpi_table("APIC", bytes_.bytes()); }

private:
    ByteBuilder bytes_;
};

} // namespace test
