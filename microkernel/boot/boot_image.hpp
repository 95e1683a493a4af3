// SPDX-License-Identifier: BSD-2-Clause
// BootImage: what the boot loader told, checked and copied into a value of fixed size. Names and the command line stay
// borrowed from the multiboot2 information, which must be kept as long as they are used.
#pragma once

#include <lib/fixed_list.hpp>
#include <lib/text.hpp>
#include <mem/address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kernel {

/// Only `usable` matters to the kernel; every other number, known or not, means "not RAM to hand out".
enum class MemoryType : uint32_t { usable = 1, reserved = 2, acpi_reclaimable = 3, acpi_nvs = 4, defective = 5 };

/// Never empty, never wraps, ends at or below 2^52. Entries may overlap each other and come in any order. An entry that
/// continued another one of its type is part of that.
struct MemoryEntry {
    PhysRange range;
    MemoryType type;

    constexpr bool is_usable() const { return type == MemoryType::usable; }
};

/// A loaded file: page-aligned start, any end. May be empty.
struct Module {
    PhysRange range;
    Text name; ///< its command line
};

struct Framebuffer {
    PhysAddr address;
    uint32_t pitch; ///< bytes a line
    uint32_t width; ///< pixels, or characters in text mode
    uint32_t height; ///< pixels, or characters in text mode
    uint8_t bits_per_pixel;
    uint8_t type; ///< 0 indexed, 1 RGB, 2 text
};

/// An ACPI root pointer in the 36-byte form of version 2. One of version 1 keeps revision 0, its last 16 bytes are 0.
using AcpiRootPointer = std::array<std::byte, 36>;

struct BootImage {
    static constexpr size_t max_memory_entries = 128;
    static constexpr size_t max_modules = 64;

    PhysRange info; ///< where the multiboot2 information lies
    FixedList<MemoryEntry, max_memory_entries> memory;
    FixedList<Module, max_modules> modules; ///< the first is the root task
    Text command_line;
    Text loader_name;
    std::optional<AcpiRootPointer> acpi;
    std::optional<Framebuffer> framebuffer;
};

} // namespace kernel
