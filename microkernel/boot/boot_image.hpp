// SPDX-License-Identifier: BSD-2-Clause
// BootImage: what the boot loader told, checked and copied into a value of fixed size. Only the command line stays
// borrowed from the multiboot2 information, which is nobody's any more once the first boot allocation is made.
#pragma once

#include <abi/boot_info.hpp>
#include <boot/boot_memory.hpp>
#include <lib/text.hpp>

#include <optional>

namespace kernel {

/// A loaded file: page-aligned start, any end. May be empty.
struct Module : abi::BootModule {
    constexpr PhysRange range() const { return {PhysAddr(paddr), PhysAddr(paddr + size)}; }
};

/// The memory map as it was reported, for the root task: the content of a boot information chunk.
struct [[gnu::packed]] ReportedMemory {
    struct [[gnu::packed]] Entry {
        uint32_t size; ///< of the rest of the entry, as multiboot has it
        Word base, length;
        uint32_t type;
    };
    uint32_t bytes_used;
    Entry entries[50]; ///< the first ones, if there are more
};
static_assert(sizeof(ReportedMemory) == 1204);

/// The content of a boot information chunk, too.
struct [[gnu::packed]] Framebuffer {
    Word address;
    uint32_t pitch;         ///< bytes a line
    uint32_t width, height; ///< pixels, or characters in text mode
    uint8_t bits_per_pixel;
    uint8_t type; ///< 0 indexed, 1 RGB, 2 text
};

/// An ACPI root pointer in the 36-byte form of version 2. One of version 1 keeps revision 0, its last 16 bytes are 0.
using AcpiRootPointer = std::array<std::byte, 36>;

struct BootImage {
    static constexpr size_t max_modules = 64;

    BootMemory memory;
    ReportedMemory reported_memory;
    FixedList<Module, max_modules> modules; ///< the first is the root task
    std::optional<Text> command_line;
    std::optional<AcpiRootPointer> acpi;
    std::optional<Framebuffer> framebuffer;
};

} // namespace kernel
