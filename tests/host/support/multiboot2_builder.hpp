// SPDX-License-Identifier: BSD-2-Clause
// Builds multiboot2 information blocks, well-formed unless told otherwise.
#pragma once

#include <support/byte_builder.hpp>

#include <boot/boot_image.hpp>

#include <string_view>
#include <vector>

namespace test {

struct MapEntry {
    uint64_t base, length;
    uint32_t type;
};

/// A version 1 or 2 ACPI root pointer with right checksums.
inline ByteBuilder acpi_pointer(uint8_t revision, uint32_t rsdt, uint64_t xsdt = 0) {
    ByteBuilder bytes;
    bytes.text("RSD PTR ").add<uint8_t>(0).text("UMBRA ").add<uint8_t>(revision).add<uint32_t>(rsdt);
    bytes.fix_checksum(0, 20, 8);
    if (revision >= 2) {
        bytes.add<uint32_t>(36).add<uint64_t>(xsdt).zeros(4);
        bytes.fix_checksum(0, 36, 32);
    }
    return bytes;
}

class Multiboot2Builder {
public:
    Multiboot2Builder() { bytes_.zeros(8); }

    /// A tag of any type whose size covers exactly `payload`, padded to 8 bytes.
    Multiboot2Builder& tag(uint32_t type, std::span<const std::byte> payload = {}) {
        last_tag_ = bytes_.size();
        bytes_.add<uint32_t>(type).add<uint32_t>(static_cast<uint32_t>(8 + payload.size())).append(payload).align(8);
        return *this;
    }
    /// As tags that hold text are: ended by a zero byte, unless `terminated` is false.
    Multiboot2Builder& text_tag(uint32_t type, std::string_view text, bool terminated = true) {
        ByteBuilder payload;
        payload.text(text).zeros(terminated ? 1 : 0);
        return tag(type, payload.bytes());
    }
    Multiboot2Builder& module(uint32_t start, uint32_t end, std::string_view name, bool terminated = true) {
        ByteBuilder payload;
        payload.add(start).add(end).text(name).zeros(terminated ? 1 : 0);
        return tag(3, payload.bytes());
    }
    Multiboot2Builder& memory_map(const std::vector<MapEntry>& entries, uint32_t entry_size = 24,
                                  uint32_t version = 0) {
        ByteBuilder payload;
        payload.add(entry_size).add(version);
        for (const MapEntry& entry : entries)
            payload.add(entry.base).add(entry.length).add(entry.type).zeros(4).zeros(entry_size - 24);
        return tag(6, payload.bytes());
    }
    Multiboot2Builder& framebuffer(uint64_t address, uint32_t pitch, uint32_t width, uint32_t height, uint8_t bpp,
                                   uint8_t type) {
        ByteBuilder payload;
        payload.add(address).add(pitch).add(width).add(height).add(bpp).add(type).add<uint8_t>(0);
        return tag(8, payload.bytes());
    }

    /// Offset of the tag added last: its type is there, its size 4 behind.
    size_t last_tag() const { return last_tag_; }
    ByteBuilder& raw() { return bytes_; }

    /// The block with total_size filled in, without and with an end tag.
    ByteBuilder without_end() const {
        ByteBuilder result = bytes_;
        return result.set<uint32_t>(0, static_cast<uint32_t>(result.size()));
    }
    ByteBuilder finished() const {
        Multiboot2Builder copy = *this;
        return copy.tag(0).without_end();
    }

private:
    ByteBuilder bytes_;
    size_t last_tag_ = 0;
};

} // namespace test
