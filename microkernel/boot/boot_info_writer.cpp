// SPDX-License-Identifier: BSD-2-Clause
#include <abi/boot_info.hpp>
#include <boot/boot_info_writer.hpp>

#include <algorithm>
#include <cstring>

namespace kernel {
namespace {

constexpr size_t memory_map_entries = 50;
struct [[gnu::packed]] MemoryMapEntry {
    uint32_t size; ///< of the rest of the entry, as multiboot has it
    uint64_t base;
    uint64_t length;
    uint32_t type;
};
struct [[gnu::packed]] MemoryMap {
    uint32_t bytes_used;
    MemoryMapEntry entries[memory_map_entries];
};
struct [[gnu::packed]] FramebufferWords {
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
};
static_assert(sizeof(abi::BootChunk) + sizeof(MemoryMap) == 1220);

class ChunkWriter {
public:
    explicit ChunkWriter(std::span<std::byte> target) : target_(target) {}
    void begin(Word id, size_t content) { put(abi::BootChunk{id, sizeof(abi::BootChunk) + content}); }
    template <class T>
    void put(const T& value) {
        std::memcpy(target_.data() + used_, &value, sizeof value);
        used_ += sizeof value;
    }
    size_t used() const { return used_; }

private:
    std::span<std::byte> target_;
    size_t used_ = 0;
};

size_t further_modules(const BootImage& image) { return image.modules.is_empty() ? 0 : image.modules.size() - 1; }
size_t modules_bytes(const BootImage& image) { return sizeof(Word) + further_modules(image) * sizeof(abi::BootModule); }

void write_memory_map(const BootImage& image, ChunkWriter& writer) {
    const size_t count = std::min(image.memory.size(), memory_map_entries);
    writer.begin(abi::boot_chunk::memory_map, sizeof(MemoryMap));
    writer.put(static_cast<uint32_t>(count * sizeof(MemoryMapEntry)));
    for (size_t i = 0; i < memory_map_entries; i++) {
        MemoryMapEntry entry{};
        if (i < count) {
            const PhysRange range = image.memory[i].range;
            entry = {sizeof(MemoryMapEntry) - sizeof(uint32_t), range.start.raw(), range.size(),
                     static_cast<uint32_t>(image.memory[i].type)};
        }
        writer.put(entry);
    }
}

void write_modules(const BootImage& image, ChunkWriter& writer) {
    writer.begin(abi::boot_chunk::modules, modules_bytes(image));
    writer.put(Word{further_modules(image)});
    for (size_t i = 1; i < image.modules.size(); i++) {
        const Module& module = image.modules[i];
        abi::BootModule entry{module.range.start.raw(), module.range.size(), {}};
        const size_t length = std::min(module.name.size(), sizeof entry.name - 1);
        for (size_t c = 0; c < length; c++)
            entry.name[c] = module.name[c];
        writer.put(entry);
    }
}

} // namespace

size_t extra_boot_info_bytes(const BootImage& image) {
    size_t bytes = sizeof(abi::BootChunk) + sizeof(MemoryMap);
    bytes += sizeof(abi::BootChunk) + sizeof(uint32_t);
    bytes += sizeof(abi::BootChunk) + modules_bytes(image);
    if (image.acpi)
        bytes += sizeof(abi::BootChunk) + sizeof(AcpiRootPointer);
    if (image.framebuffer)
        bytes += sizeof(abi::BootChunk) + sizeof(FramebufferWords);
    return bytes;
}

size_t write_extra_boot_info(const BootImage& image, Word tsc_mhz, std::span<std::byte> target) {
    ChunkWriter writer(target);
    write_memory_map(image, writer);
    if (image.acpi) {
        writer.begin(abi::boot_chunk::acpi_rsdp, sizeof(AcpiRootPointer));
        writer.put(*image.acpi);
    }
    if (image.framebuffer) {
        const Framebuffer& screen = *image.framebuffer;
        writer.begin(abi::boot_chunk::framebuffer, sizeof(FramebufferWords));
        writer.put(FramebufferWords{screen.address.raw(), screen.pitch, screen.width, screen.height,
                                    screen.bits_per_pixel, screen.type});
    }
    writer.begin(abi::boot_chunk::tsc_mhz, sizeof(uint32_t));
    writer.put(static_cast<uint32_t>(tsc_mhz));
    write_modules(image, writer);
    return writer.used();
}

} // namespace kernel
