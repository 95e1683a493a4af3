// SPDX-License-Identifier: BSD-2-Clause
// One pass over the tags, then the checks that need all of them.
#include <boot/multiboot2.hpp>

#include <lib/assert.hpp>

namespace kernel {
namespace {

constexpr Word page_size = 4096;
/// Physical addresses have at most 52 bits (SDM Vol. 3A, "Physical Address Space").
constexpr Word physical_limit = Word{1} << 52;

/// Tags start at multiples of 8 and have a header of two words of 32 bits: type and size, the size counting the header.
constexpr Word tag_alignment = 8;
constexpr Word tag_header = 8;
constexpr Word info_header = 8;

namespace tag_type {
constexpr uint32_t end = 0, command_line = 1, module = 3, memory_map = 6, framebuffer = 8, acpi_old = 14, acpi_new = 15,
                   boot_services = 18;
}

void read_module(ByteView tag, BootImage& image) {
    constexpr Word name_offset = 16;
    require(tag.size() >= name_offset, "a module tag is smaller than its fields");
    const Word start = tag.u32(8), end = tag.u32(12);
    require(start <= end, "a boot module ends before it starts");
    require(is_aligned(start, page_size), "a boot module does not start on a page boundary");
    Module module{{start, end - start, {}}};
    const Text name = tag.text(name_offset).part(0, sizeof(module.name) - 1);
    std::ranges::copy(name, module.name);
    require(image.modules.push(module), "there are too many boot modules");
}

void add_memory_entry(ByteView entry, BootImage& image) {
    constexpr uint32_t usable = 1; // any other number, known or not, means "not RAM to hand out"
    const Word base = entry.u64(0), length = entry.u64(8);
    const uint32_t type = entry.u32(16);
    if (length == 0)
        return;
    require(base + length >= base, "a memory map entry wraps around the end of the address space");
    require(type != usable || base + length <= physical_limit, "a memory map entry claims RAM above 2^52");
    image.memory.claim({PhysAddr(base), PhysAddr(base + length)}, type == usable ? MemoryUse::ram : MemoryUse::device);
    ReportedMemory& reported = image.reported_memory;
    if (reported.bytes_used < sizeof(reported.entries)) {
        reported.entries[reported.bytes_used / sizeof(ReportedMemory::Entry)] = {20, base, length, type};
        reported.bytes_used += sizeof(ReportedMemory::Entry);
    }
}

void read_memory_map(ByteView tag, BootImage& image) {
    constexpr Word entries_offset = 16, least_entry_size = 24;
    require(tag.size() >= entries_offset, "the memory map's tag is smaller than its fields");
    const Word entry_size = tag.u32(8);
    const Word bytes = tag.size() - entries_offset;
    require(entry_size >= least_entry_size && is_aligned(entry_size, 8) && bytes % entry_size == 0,
            "the memory map has a wrong entry size");
    for (Word offset = entries_offset; offset < tag.size(); offset += entry_size)
        add_memory_entry(tag.part(offset, entry_size), image);
}

/// Field offsets: Multiboot2 Specification, "Framebuffer info".
std::optional<Framebuffer> read_framebuffer(ByteView tag) {
    constexpr Word least_size = 31;
    const Framebuffer result{tag.u64(8), tag.u32(16), tag.u32(20), tag.u32(24), tag.u8(28), tag.u8(29)};
    const Word line_bits = Word{result.width} * result.bits_per_pixel;
    const Word bytes = Word{result.pitch} * result.height;
    if (tag.size() < least_size || line_bits == 0 || bytes == 0 || line_bits > Word{result.pitch} * 8 ||
        bytes > physical_limit || result.address > physical_limit - bytes)
        return {};
    return result;
}

/// Byte 0: "RSD PTR ", 8: checksum over the first 20 bytes, 15: revision, 16: RSDT. Version 2 goes on: 20: length,
/// 24: XSDT, 32: checksum over `length` bytes; later versions may only have grown. (ACPI Specification 6.5, section
/// 5.2.5.3.) A pointer of version 1 does not replace one that is there.
void read_root_pointer(ByteView bytes, bool is_new, std::optional<AcpiRootPointer>& pointer) {
    constexpr Word old_size = 20, new_size = sizeof(AcpiRootPointer);
    const Word least_size = is_new ? new_size : old_size;
    require(bytes.has(0, least_size), "the ACPI root pointer is too short");
    require(bytes.part(0, 8).text(0) == "RSD PTR ", "the ACPI root pointer has a wrong signature");
    const Word length = is_new ? bytes.u32(20) : old_size;
    require(length >= least_size && bytes.has(0, length), "the ACPI root pointer states a wrong length");
    require(bytes.part(0, old_size).sum() == 0 && bytes.part(0, length).sum() == 0,
            "the ACPI root pointer has a wrong checksum");
    if (pointer && !is_new)
        return;
    pointer.emplace();
    std::copy_n(bytes.bytes().begin(), least_size, pointer->begin());
}

/// Where tags end was checked by the caller; what is in them is dealt with here.
void read_tag(uint32_t type, ByteView tag, BootImage& image) {
    switch (type) {
    case tag_type::command_line:
        if (!image.command_line)
            image.command_line = tag.text(tag_header);
        break;
    case tag_type::module: read_module(tag, image); break;
    case tag_type::memory_map: read_memory_map(tag, image); break;
    case tag_type::framebuffer:
        if (!image.framebuffer)
            image.framebuffer = read_framebuffer(tag);
        break;
    case tag_type::acpi_old: read_root_pointer(tag.part(tag_header), false, image.acpi); break;
    case tag_type::acpi_new: read_root_pointer(tag.part(tag_header), true, image.acpi); break;
    case tag_type::boot_services: panic("the boot loader left the EFI boot services running");
    default: break;
    }
}

void read_tags(ByteView info, BootImage& image) {
    unsigned memory_maps = 0;
    for (Word offset = info_header;;) {
        require(info.has(offset, tag_header), "the multiboot2 information has no end tag");
        const uint32_t type = info.u32(offset);
        const Word size = info.u32(offset + 4);
        if (type == tag_type::end) {
            require(size == tag_header, "the multiboot2 end tag has a wrong size");
            break;
        }
        require(size >= tag_header, "a multiboot2 tag is smaller than its header");
        require(info.has(offset, size), "a multiboot2 tag extends past the end of the information");
        memory_maps += type == tag_type::memory_map;
        require(memory_maps <= 1, "there are two multiboot2 memory maps");
        read_tag(type, info.part(offset, size), image);
        offset = align_up(offset + size, tag_alignment);
    }
    require(memory_maps == 1, "there is no multiboot2 memory map");
}

void check_modules(const BootImage& image, PhysRange info, PhysRange kernel_image) {
    require(!image.modules.is_empty(), "there is no boot module: the first must be the root task");
    for (const Module& module : image.modules) {
        const PhysRange range = module.range();
        if (range.is_empty())
            continue;
        require(!range.overlaps(kernel_image), "a boot module overlaps the kernel image");
        require(!range.overlaps(info), "the multiboot2 information overlaps a boot module");
        for (const Module* other = image.modules.begin(); other != &module; other++)
            require(other->size == 0 || !range.overlaps(other->range()), "two boot modules overlap");
        const MemoryRegion region = image.memory.region_at(range.start);
        require(region.use == MemoryUse::ram && range.end <= region.range.end,
                "a boot module lies outside usable memory");
    }
}

} // namespace

void read_multiboot2(uint32_t magic, uint32_t info, ByteView memory, PhysRange kernel_image, BootImage& image) {
    require(magic == multiboot2_magic, "the boot loader's magic number is not that of multiboot2");
    require(info != 0, "the multiboot2 information is at address 0");
    require(is_aligned(info, tag_alignment), "the multiboot2 information is not aligned to 8 bytes");
    require(!kernel_image.contains(PhysAddr(info)), "the multiboot2 information lies in the kernel image");
    require(memory.has(info, info_header), "the multiboot2 information lies outside accessible memory");
    const Word size = memory.u32(info);
    require(size >= info_header, "the multiboot2 information is smaller than its header");
    require(memory.has(info, size), "the multiboot2 information is larger than the memory that holds it");
    const PhysRange range{PhysAddr(info), PhysAddr(info + size)};
    require(!range.overlaps(kernel_image), "the multiboot2 information overlaps the kernel image");

    image.memory.start();
    read_tags(memory.part(info, size), image);
    check_modules(image, range, kernel_image);
    image.memory.settle();
    require(image.memory.free_bytes() > 0, "there is no usable memory above 1 MiB");
    for (const Module& module : image.modules)
        image.memory.claim({PhysAddr(module.paddr), PhysAddr(align_up(module.paddr + module.size, page_size))},
                           MemoryUse::module);
    image.memory.claim(kernel_image, MemoryUse::held);
}

} // namespace kernel
