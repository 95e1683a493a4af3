// SPDX-License-Identifier: BSD-2-Clause
// Everything that may be wrong with what the boot loader hands over, each with its own name and sentence.
#pragma once

#include <cstdint>

namespace kernel {

enum class BootError : uint8_t {
    not_multiboot2,
    info_at_null,
    info_misaligned,
    info_above_4gib,
    info_in_kernel,
    info_too_small,
    info_truncated,
    info_overlaps_module,
    tag_too_small,
    tag_past_end,
    no_end_tag,
    bad_end_tag,
    boot_services_running,
    duplicate_memory_map,
    no_memory_map,
    bad_memory_entry_size,
    too_many_memory_entries,
    memory_entry_wraps,
    memory_entry_past_limit,
    no_usable_memory,
    no_modules,
    too_many_modules,
    bad_module_tag,
    module_reversed,
    module_misaligned,
    module_overlaps_kernel,
    module_overlaps_module,
    module_outside_ram,
    rsdp_too_short,
    rsdp_bad_signature,
    rsdp_bad_checksum,
    rsdp_bad_length,
    too_many_held_ranges,
    bad_allocation,
    out_of_memory,
};

/// One English sentence without a full stop, for the panic line.
constexpr const char* describe(BootError error) {
    switch (error) {
    case BootError::not_multiboot2: return "the boot loader's magic number is not that of multiboot2";
    case BootError::info_at_null: return "the multiboot2 information is at address 0";
    case BootError::info_misaligned: return "the multiboot2 information is not aligned to 8 bytes";
    case BootError::info_above_4gib: return "the multiboot2 information lies above 4 GiB";
    case BootError::info_in_kernel: return "the multiboot2 information overlaps the kernel image";
    case BootError::info_too_small: return "the multiboot2 information is smaller than its header";
    case BootError::info_truncated: return "the multiboot2 information is larger than the memory that holds it";
    case BootError::info_overlaps_module: return "the multiboot2 information overlaps a boot module";
    case BootError::tag_too_small: return "a multiboot2 tag is smaller than its fields";
    case BootError::tag_past_end: return "a multiboot2 tag extends past the end of the information";
    case BootError::no_end_tag: return "the multiboot2 information has no end tag";
    case BootError::bad_end_tag: return "the multiboot2 end tag has a wrong size";
    case BootError::boot_services_running: return "the boot loader left the EFI boot services running";
    case BootError::duplicate_memory_map: return "there are two multiboot2 memory maps";
    case BootError::no_memory_map: return "there is no multiboot2 memory map";
    case BootError::bad_memory_entry_size: return "the memory map has a wrong entry size";
    case BootError::too_many_memory_entries: return "the memory map has too many entries";
    case BootError::memory_entry_wraps: return "a memory map entry wraps around the end of the address space";
    case BootError::memory_entry_past_limit: return "a memory map entry claims RAM above 2^52";
    case BootError::no_usable_memory: return "there is no usable memory above 1 MiB";
    case BootError::no_modules: return "there is no boot module: the first must be the root task";
    case BootError::too_many_modules: return "there are too many boot modules";
    case BootError::bad_module_tag: return "a module tag is smaller than its fields";
    case BootError::module_reversed: return "a boot module ends before it starts";
    case BootError::module_misaligned: return "a boot module does not start on a page boundary";
    case BootError::module_overlaps_kernel: return "a boot module overlaps the kernel image";
    case BootError::module_overlaps_module: return "two boot modules overlap";
    case BootError::module_outside_ram: return "a boot module lies outside usable memory";
    case BootError::rsdp_too_short: return "the ACPI root pointer is too short";
    case BootError::rsdp_bad_signature: return "the ACPI root pointer has a wrong signature";
    case BootError::rsdp_bad_checksum: return "the ACPI root pointer has a wrong checksum";
    case BootError::rsdp_bad_length: return "the ACPI root pointer states a wrong length";
    case BootError::too_many_held_ranges: return "there are too many reserved memory ranges";
    case BootError::bad_allocation:
        return "a boot allocation of no bytes, or with an alignment that is no power of two";
    case BootError::out_of_memory: return "there is not enough memory";
    }
    return "unknown boot error";
}

} // namespace kernel
