// SPDX-License-Identifier: BSD-2-Clause
// ByteView: little-endian numbers read out of foreign bytes. No read leaves the bytes it was given.
#pragma once

#include <lib/text.hpp>

#include <concepts>
#include <cstdint>
#include <span>

namespace kernel {

class ByteView {
public:
    constexpr ByteView() = default;
    constexpr ByteView(std::span<const std::byte> bytes) : bytes_(bytes) {}

    constexpr size_t size() const { return bytes_.size(); }
    constexpr std::span<const std::byte> bytes() const { return bytes_; }

    /// Whether `count` bytes from `offset` on all lie inside. Cannot wrap.
    constexpr bool has(uint64_t offset, uint64_t count) const {
        return offset <= bytes_.size() && count <= bytes_.size() - offset;
    }

    /// The number at `offset`, at any alignment; 0 if it does not lie wholly inside, so that a forgotten
    /// check can give a wrong answer but never a wrong access.
    template <std::unsigned_integral T>
    constexpr T read(uint64_t offset) const {
        if (!has(offset, sizeof(T)))
            return 0;
        uint64_t value = 0;
        for (size_t i = 0; i < sizeof(T); ++i)
            value |= std::to_integer<uint64_t>(bytes_[offset + i]) << (8 * i);
        return static_cast<T>(value);
    }
    constexpr uint8_t u8(uint64_t offset) const { return read<uint8_t>(offset); }
    constexpr uint16_t u16(uint64_t offset) const { return read<uint16_t>(offset); }
    constexpr uint32_t u32(uint64_t offset) const { return read<uint32_t>(offset); }
    constexpr uint64_t u64(uint64_t offset) const { return read<uint64_t>(offset); }

    /// The bytes from `offset` on, at most `count` of them, as far as there are any.
    constexpr ByteView part(uint64_t offset, uint64_t count = UINT64_MAX) const {
        if (offset >= bytes_.size())
            return {};
        const uint64_t rest = bytes_.size() - offset;
        return ByteView(bytes_.subspan(offset, count < rest ? count : rest));
    }

    /// The characters from `offset` up to the first zero byte or the end of the view.
    Text text(uint64_t offset) const {
        const ByteView rest = part(offset);
        const Text all(reinterpret_cast<const char*>(rest.bytes_.data()), rest.size());
        return all.part(0, all.find('\0'));
    }

    /// Sum of all bytes modulo 256: 0 for an intact ACPI structure.
    constexpr uint8_t sum() const {
        unsigned total = 0;
        for (std::byte byte : bytes_)
            total += std::to_integer<unsigned>(byte);
        return static_cast<uint8_t>(total);
    }

private:
    std::span<const std::byte> bytes_;
};

} // namespace kernel
