// SPDX-License-Identifier: BSD-2-Clause
// Text: a borrowed piece of characters, not ended by zero. What std::string_view is, but freestanding everywhere.
#pragma once

#include <algorithm>
#include <cstddef>

namespace kernel {

class Text {
public:
    constexpr Text() = default;
    constexpr Text(const char* data, size_t size) : data_(data), size_(size) {}
    /// The characters up to the zero byte.
    constexpr Text(const char* text) : data_(text), size_(__builtin_strlen(text)) {}

    constexpr const char* data() const { return data_; }
    constexpr size_t size() const { return size_; }
    constexpr bool is_empty() const { return size_ == 0; }
    constexpr char operator[](size_t index) const { return data_[index]; }
    constexpr const char* begin() const { return data_; }
    constexpr const char* end() const { return data_ + size_; }

    /// Up to `count` characters from `start`; what lies past the end is cut off.
    constexpr Text part(size_t start, size_t count = static_cast<size_t>(-1)) const {
        if (start >= size_)
            return {};
        return {data_ + start, count < size_ - start ? count : size_ - start};
    }

    /// Where `wanted` first occurs, or size().
    constexpr size_t find(char wanted) const { return static_cast<size_t>(std::ranges::find(*this, wanted) - begin()); }

    friend constexpr bool operator==(Text a, Text b) { return std::ranges::equal(a, b); }

private:
    const char* data_ = nullptr;
    size_t size_ = 0;
};

static_assert(Text("key=value").part(4) == "value" && Text("key").find('=') == 3);
static_assert(Text("key").part(9).is_empty() && Text("key").part(1, 1) == "e");

} // namespace kernel
