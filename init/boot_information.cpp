// SPDX-License-Identifier: BSD-2-Clause
// The extra chunks lie one page behind the boot information, packed.
#include <init/boot_information.hpp>

namespace init {

using abi::Word;

std::span<const uint8_t> BootInformation::chunk(Word id) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&info_) + (Word{1} << abi::page_bits);
    for (Word at = 0; at + sizeof(abi::BootChunk) <= info_.extra_length;) {
        abi::BootChunk header;
        __builtin_memcpy(&header, bytes + at, sizeof(header));
        if (header.length < sizeof(header) || header.length > info_.extra_length - at)
            return {};
        if (header.id == id)
            return {bytes + at + sizeof(header), header.length - sizeof(header)};
        at += header.length;
    }
    return {};
}

uint32_t BootInformation::tsc_mhz() const {
    const std::span<const uint8_t> bytes = chunk(abi::boot_chunk::tsc_mhz);
    uint32_t mhz = 0;
    if (bytes.size() >= sizeof(mhz))
        __builtin_memcpy(&mhz, bytes.data(), sizeof(mhz));
    return mhz;
}

std::optional<abi::BootModule> BootInformation::module(Word number) const {
    const std::span<const uint8_t> bytes = chunk(abi::boot_chunk::modules);
    Word count = 0;
    if (bytes.size() < sizeof(count))
        return std::nullopt;
    __builtin_memcpy(&count, bytes.data(), sizeof(count));
    const Word room = (bytes.size() - sizeof(count)) / sizeof(abi::BootModule);
    if (number >= count || number >= room)
        return std::nullopt;
    abi::BootModule module; // chunks are packed: it may be unaligned there
    __builtin_memcpy(&module, bytes.data() + sizeof(count) + number * sizeof(module), sizeof(module));
    return module;
}

bool BootInformation::has_text_screen() const {
    constexpr size_t type_offset = 21; // u64 address, u32 pitch, width, height, u8 bits per pixel, u8 type
    constexpr uint8_t ega_text = 2;
    const std::span<const uint8_t> bytes = chunk(abi::boot_chunk::framebuffer);
    return bytes.size() > type_offset && bytes[type_offset] == ega_text;
}

} // namespace init
