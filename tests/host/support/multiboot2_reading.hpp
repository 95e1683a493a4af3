// SPDX-License-Identifier: BSD-2-Clause
// What the tests of the multiboot2 reader share: a sound block, and the result of reading one.
#pragma once

#include <support/multiboot2_builder.hpp>

#include <boot/multiboot2.hpp>
#include <kernel_host.hpp>
#include <lib/byte_view.hpp>

#include <string>

namespace test {

using namespace kernel;

inline constexpr uint64_t info_address = 0x9000;
inline constexpr PhysRange kernel_range{PhysAddr(0x10'0000), PhysAddr(0x20'0000)};
inline const std::vector<MapEntry> ordinary_map{{0, 0x9'fc00, 1},
                                                {0x9'fc00, 0x400, 2},
                                                {0xf'0000, 0x1'0000, 2},
                                                {0x10'0000, 0x3ff'0000, 1},
                                                {0x40f'0000, 0x1'0000, 3}};

inline std::string text(Text text) { return {text.begin(), text.end()}; }

/// The result of reading a block that lies at the end of memory: nothing behind its last byte can be read.
struct Reading {
    explicit Reading(const ByteBuilder& block, uint64_t address = info_address, uint32_t magic = multiboot2_magic)
        : memory(ByteBuilder().zeros(address).append(block.bytes()).bytes()), complaint(complaint_of([&] {
              read_multiboot2(magic, static_cast<uint32_t>(address), memory.span(), kernel_range, image);
          })) {}

    bool ok() const { return complaint.empty(); }
    bool refused_because(std::string_view reason) const { return complaint == reason; }

    ExactBytes memory;
    BootImage image{};
    std::string complaint;
};

/// What `address` is for, as a block says.
inline MemoryUse use_of(const Reading& reading, uint64_t address) {
    return reading.image.memory.region_at(PhysAddr(address)).use;
}

/// Everything a boot needs, with one module.
inline Multiboot2Builder sound_block() {
    Multiboot2Builder builder;
    builder.text_tag(1, "log=2 quiet").text_tag(2, "GRUB 2.06").memory_map(ordinary_map);
    builder.module(0x20'0000, 0x21'0123, "init --verbose");
    return builder;
}

/// As sound_block, with another memory map.
inline Multiboot2Builder block_with_map(const std::vector<MapEntry>& map) {
    return Multiboot2Builder().memory_map(map).module(0x20'0000, 0x21'0000, "init");
}

/// As sound_block, with another tag behind.
inline ByteBuilder block_with_tag(uint32_t type, std::span<const std::byte> payload) {
    return sound_block().tag(type, payload).finished();
}

inline ByteView view(const AcpiRootPointer& pointer) { return {std::span<const std::byte>(pointer)}; }

} // namespace test
