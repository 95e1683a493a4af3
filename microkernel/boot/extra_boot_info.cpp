// SPDX-License-Identifier: BSD-2-Clause
#include <boot/extra_boot_info.hpp>

#include <cstring>

namespace kernel {

void ExtraBootInfo::write(const BootImage& image, Word tsc_mhz) {
    const auto put = [&](const auto& value) {
        std::memcpy(bytes_.data() + used_, &value, sizeof(value));
        used_ += sizeof(value);
    };
    const auto put_chunk = [&](Word id, const auto& content) {
        put(abi::BootChunk{id, sizeof(abi::BootChunk) + sizeof(content)});
        put(content);
    };
    put_chunk(abi::boot_chunk::memory_map, image.reported_memory);
    if (image.acpi)
        put_chunk(abi::boot_chunk::acpi_rsdp, *image.acpi);
    if (image.framebuffer)
        put_chunk(abi::boot_chunk::framebuffer, *image.framebuffer);
    put_chunk(abi::boot_chunk::tsc_mhz, static_cast<uint32_t>(tsc_mhz));

    const Word further = image.modules.size() - 1; // the first is the root task itself
    put(abi::BootChunk{abi::boot_chunk::modules,
                       sizeof(abi::BootChunk) + sizeof(further) + further * sizeof(abi::BootModule)});
    put(further);
    for (size_t i = 1; i < image.modules.size(); i++)
        put(image.modules[i]);
}

} // namespace kernel
