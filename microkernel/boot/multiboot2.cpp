// SPDX-License-Identifier: BSD-2-Clause
// One pass over the tags, then the checks that need all of them.
#include <boot/multiboot2.hpp>

#include <boot/root_pointer.hpp>
#include <lib/byte_view.hpp>

namespace kernel {
namespace {

constexpr Word page_size = 4096;
constexpr Word one_mib = Word{1} << 20;
/// Physical addresses have at most 52 bits (SDM Vol. 3A, "Physical Address Space").
constexpr Word physical_limit = Word{1} << 52;

/// Tags start at multiples of 8 and have a header of two words of 32 bits: type and size, the size counting the header.
constexpr Word tag_alignment = 8;
constexpr Word tag_header = 8;
constexpr Word info_header = 8;

namespace tag_type {
constexpr uint32_t end = 0, command_line = 1, loader_name = 2, module = 3, memory_map = 6, framebuffer = 8,
                   acpi_old = 14, acpi_new = 15, boot_services = 18;
}

Status<BootError> fail(BootError error) { return Failure{error}; }

Status<BootError> read_module(ByteView tag, BootImage& image) {
    constexpr Word name_offset = 16;
    if (tag.size() < name_offset)
        return fail(BootError::bad_module_tag);
    const Module module{{PhysAddr(tag.u32(8)), PhysAddr(tag.u32(12))}, tag.text(name_offset)};
    if (module.range.end < module.range.start)
        return fail(BootError::module_reversed);
    if (!module.range.start.is_aligned_to(page_size))
        return fail(BootError::module_misaligned);
    if (!image.modules.push(module))
        return fail(BootError::too_many_modules);
    return Nothing{};
}

/// Lengthens an entry that ends where `added` starts. UEFI firmware reports RAM in more than a hundred entries.
bool join_memory_entry(const MemoryEntry& added, BootImage& image) {
    for (MemoryEntry& entry : image.memory) {
        if (entry.type == added.type && entry.range.end == added.range.start) {
            entry.range.end = added.range.end;
            return true;
        }
    }
    return false;
}

Status<BootError> add_memory_entry(ByteView entry, BootImage& image) {
    const Word base = entry.u64(0);
    const Word length = entry.u64(8);
    const auto type = static_cast<MemoryType>(entry.u32(16));
    if (length == 0)
        return Nothing{};
    if (base + length < base)
        return fail(BootError::memory_entry_wraps);
    Word end = base + length;
    if (end > physical_limit) {
        if (type == MemoryType::usable)
            return fail(BootError::memory_entry_past_limit);
        if (base >= physical_limit)
            return Nothing{};
        end = physical_limit;
    }
    const MemoryEntry added{{PhysAddr(base), PhysAddr(end)}, type};
    if (!join_memory_entry(added, image) && !image.memory.push(added))
        return fail(BootError::too_many_memory_entries);
    return Nothing{};
}

Status<BootError> read_memory_map(ByteView tag, BootImage& image) {
    constexpr Word entries_offset = 16;
    constexpr Word least_entry_size = 24;
    if (tag.size() < entries_offset)
        return fail(BootError::tag_too_small);
    const Word entry_size = tag.u32(8);
    const Word entry_bytes = tag.size() - entries_offset;
    if (entry_size < least_entry_size || !is_aligned(entry_size, 8) || entry_bytes % entry_size != 0)
        return fail(BootError::bad_memory_entry_size);
    for (Word offset = entries_offset; offset < tag.size(); offset += entry_size)
        TRY(add_memory_entry(tag.part(offset, entry_size), image));
    return Nothing{};
}

/// Field offsets: Multiboot2 Specification, "Framebuffer info".
std::optional<Framebuffer> read_framebuffer(ByteView tag) {
    constexpr Word least_size = 31;
    if (tag.size() < least_size)
        return {};
    const Framebuffer result{PhysAddr(tag.u64(8)), tag.u32(16), tag.u32(20), tag.u32(24), tag.u8(28), tag.u8(29)};
    const Word line_bits = Word{result.width} * result.bits_per_pixel;
    const Word bytes = Word{result.pitch} * result.height;
    if (line_bits == 0 || bytes == 0 || line_bits > Word{result.pitch} * 8)
        return {};
    if (bytes > physical_limit || result.address.raw() > physical_limit - bytes)
        return {};
    return result;
}

/// The tag's contents are dealt with here; where they end was checked by the caller.
class TagReader {
public:
    explicit TagReader(BootImage& image) : image_(image) {}

    Status<BootError> read(uint32_t type, ByteView tag) {
        switch (type) {
        case tag_type::command_line: read_text(tag, seen_command_line_, image_.command_line); return Nothing{};
        case tag_type::loader_name: read_text(tag, seen_loader_name_, image_.loader_name); return Nothing{};
        case tag_type::module: return read_module(tag, image_);
        case tag_type::memory_map:
            if (seen_memory_map_)
                return fail(BootError::duplicate_memory_map);
            seen_memory_map_ = true;
            return read_memory_map(tag, image_);
        case tag_type::framebuffer:
            if (!image_.framebuffer)
                image_.framebuffer = read_framebuffer(tag);
            return Nothing{};
        case tag_type::acpi_old: return read_old_root_pointer(tag.part(tag_header), image_.acpi);
        case tag_type::acpi_new: return read_new_root_pointer(tag.part(tag_header), image_.acpi);
        case tag_type::boot_services: return fail(BootError::boot_services_running);
        default: return Nothing{};
        }
    }

    bool has_memory_map() const { return seen_memory_map_; }

private:
    static void read_text(ByteView tag, bool& seen, Text& text) {
        if (!seen)
            text = tag.text(tag_header);
        seen = true;
    }

    BootImage& image_;
    bool seen_command_line_ = false;
    bool seen_loader_name_ = false;
    bool seen_memory_map_ = false;
};

Status<BootError> read_tags(ByteView info, BootImage& image) {
    TagReader reader(image);
    Word offset = info_header;
    while (true) {
        if (!info.has(offset, tag_header))
            return fail(BootError::no_end_tag);
        const uint32_t type = info.u32(offset);
        const Word size = info.u32(offset + 4);
        if (type == tag_type::end) {
            if (size != tag_header)
                return fail(BootError::bad_end_tag);
            break;
        }
        if (size < tag_header)
            return fail(BootError::tag_too_small);
        if (!info.has(offset, size))
            return fail(BootError::tag_past_end);
        TRY(reader.read(type, info.part(offset, size)));
        offset = align_up(offset + size, tag_alignment);
    }
    return reader.has_memory_map() ? Status<BootError>(Nothing{}) : fail(BootError::no_memory_map);
}

/// Where the usable entry ends that holds `address`; `address` itself if none does.
PhysAddr usable_until(const BootImage& image, PhysAddr address) {
    PhysAddr end = address;
    for (const MemoryEntry& entry : image.memory)
        if (entry.is_usable() && entry.range.contains(address) && entry.range.end > end)
            end = entry.range.end;
    return end;
}

bool is_usable_memory(const BootImage& image, PhysRange range) {
    for (const MemoryEntry& entry : image.memory)
        if (!entry.is_usable() && entry.range.overlaps(range))
            return false;
    PhysAddr reached = range.start;
    while (reached < range.end) {
        const PhysAddr end = usable_until(image, reached);
        if (end == reached)
            return false;
        reached = end;
    }
    return true;
}

Status<BootError> check_module(const BootImage& image, size_t index, PhysRange kernel_image) {
    const PhysRange range = image.modules[index].range;
    if (range.is_empty())
        return Nothing{};
    if (range.overlaps(kernel_image))
        return fail(BootError::module_overlaps_kernel);
    if (range.overlaps(image.info))
        return fail(BootError::info_overlaps_module);
    for (size_t other = 0; other < index; ++other) {
        const PhysRange other_range = image.modules[other].range;
        if (!other_range.is_empty() && range.overlaps(other_range))
            return fail(BootError::module_overlaps_module);
    }
    return is_usable_memory(image, range) ? Status<BootError>(Nothing{}) : fail(BootError::module_outside_ram);
}

bool has_usable_page_above_1_mib(const BootImage& image) {
    for (const MemoryEntry& entry : image.memory) {
        const Word start = entry.range.start.raw() < one_mib ? one_mib : align_up(entry.range.start.raw(), page_size);
        if (entry.is_usable() && start + page_size <= entry.range.end.raw())
            return true;
    }
    return false;
}

void clear(BootImage& image) {
    image.info = {};
    image.memory.clear();
    image.modules.clear();
    image.command_line = {};
    image.loader_name = {};
    image.acpi.reset();
    image.framebuffer.reset();
}

} // namespace

Status<BootError> check_handover(uint32_t magic, PhysAddr info, PhysRange kernel_image) {
    if (magic != multiboot2_magic)
        return fail(BootError::not_multiboot2);
    if (info == PhysAddr(0))
        return fail(BootError::info_at_null);
    if (!info.is_aligned_to(tag_alignment))
        return fail(BootError::info_misaligned);
    if (info.raw() >> 32 != 0)
        return fail(BootError::info_above_4gib);
    if (kernel_image.contains(info))
        return fail(BootError::info_in_kernel);
    return Nothing{};
}

Status<BootError> read_multiboot2(PhysAddr info, std::span<const std::byte> mapped, PhysRange kernel_image,
                                  BootImage& image) {
    clear(image);
    const ByteView view(mapped);
    if (!view.has(0, info_header))
        return fail(BootError::info_truncated);
    const Word total_size = view.u32(0);
    if (total_size < info_header)
        return fail(BootError::info_too_small);
    if (!view.has(0, total_size))
        return fail(BootError::info_truncated);
    image.info = {info, info + total_size};
    if (image.info.overlaps(kernel_image))
        return fail(BootError::info_in_kernel);

    TRY(read_tags(view.part(0, total_size), image));

    if (!has_usable_page_above_1_mib(image))
        return fail(BootError::no_usable_memory);
    if (image.modules.is_empty())
        return fail(BootError::no_modules);
    for (size_t index = 0; index < image.modules.size(); ++index)
        TRY(check_module(image, index, kernel_image));
    return Nothing{};
}

} // namespace kernel
