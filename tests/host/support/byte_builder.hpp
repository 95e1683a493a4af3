// SPDX-License-Identifier: BSD-2-Clause
// Bytes in the making: little-endian numbers appended or overwritten, for tests that build foreign data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace test {

class ByteBuilder {
public:
    size_t size() const { return bytes_.size(); }
    std::span<const std::byte> bytes() const { return bytes_; }

    template <class T>
    ByteBuilder& add(T value) {
        bytes_.resize(bytes_.size() + sizeof(T));
        return set(bytes_.size() - sizeof(T), value);
    }
    ByteBuilder& text(std::string_view text) {
        for (char c : text)
            bytes_.push_back(static_cast<std::byte>(c));
        return *this;
    }
    ByteBuilder& zeros(size_t count) {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }
    ByteBuilder& append(std::span<const std::byte> more) {
        bytes_.insert(bytes_.end(), more.begin(), more.end());
        return *this;
    }
    ByteBuilder& align(size_t alignment) {
        bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
        return *this;
    }
    template <class T>
    ByteBuilder& set(size_t offset, T value) {
        std::memcpy(bytes_.data() + offset, &value, sizeof(T));
        return *this;
    }
    template <class T>
    T get(size_t offset) const {
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof(T));
        return value;
    }
    ByteBuilder& flip(size_t bit) {
        bytes_[bit / 8] ^= std::byte{1} << (bit % 8);
        return *this;
    }
    ByteBuilder& cut(size_t size) {
        bytes_.resize(size);
        return *this;
    }
    /// Sets the byte at `at` so that `count` bytes from `start` sum up to 0, as ACPI wants it.
    ByteBuilder& fix_checksum(size_t start, size_t count, size_t at) {
        set<uint8_t>(at, 0);
        uint8_t sum = 0;
        for (size_t i = 0; i < count; ++i)
            sum = static_cast<uint8_t>(sum + get<uint8_t>(start + i));
        return set<uint8_t>(at, static_cast<uint8_t>(-sum));
    }

private:
    std::vector<std::byte> bytes_;
};

/// Bytes in a heap block of exactly their size, so that the address sanitizer sees a read one past the end.
class ExactBytes {
public:
    explicit ExactBytes(std::span<const std::byte> bytes)
        : size_(bytes.size()), data_(std::make_unique<std::byte[]>(bytes.size())) {
        if (size_ != 0)
            std::memcpy(data_.get(), bytes.data(), size_);
    }
    std::span<const std::byte> span() const { return {data_.get(), size_}; }
    std::span<std::byte> writable() { return {data_.get(), size_}; }

private:
    size_t size_;
    std::unique_ptr<std::byte[]> data_;
};

} // namespace test
