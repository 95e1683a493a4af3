// SPDX-License-Identifier: BSD-2-Clause
// Text with values in it, for the kernel's log: `{}` a value as it is (integers in decimal), `{x}` an integer as 0x1f.
// Whatever does not fit the buffer is cut off; a placeholder without a value is printed as it stands.
#pragma once

#include <lib/text.hpp>
#include <mem/address.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel {

/// The characters at `start` up to the zero byte.
constexpr Text text_at(const char* start) { return Text(start, __builtin_strlen(start)); }

/// A value to be printed, whatever its type.
class Argument {
public:
    template <std::integral T>
    constexpr Argument(T value)
        : number_(static_cast<uint64_t>(value)), kind_(std::same_as<T, bool>     ? Kind::truth
                                                       : std::same_as<T, char>   ? Kind::character
                                                       : std::signed_integral<T> ? Kind::negative_possible
                                                                                 : Kind::number) {}
    constexpr Argument(Text value) : text_(value), kind_(Kind::text) {}
    constexpr Argument(const char* value) : text_(text_at(value)), kind_(Kind::text) {}
    constexpr Argument(PhysAddr value) : number_(value.raw()), kind_(Kind::address) {}
    constexpr Argument(VirtAddr value) : number_(value.raw()), kind_(Kind::address) {}

private:
    friend class Formatter;
    enum class Kind : uint8_t { number, negative_possible, truth, character, text, address };
    uint64_t number_ = 0;
    Text text_;
    Kind kind_;
};

/// Writes `text` with its values into `buffer`; returns how many characters that are. No terminating zero.
size_t format_values(std::span<char> buffer, Text text, std::span<const Argument> values);

template <class... Values>
size_t format(std::span<char> buffer, Text text, const Values&... values) {
    const Argument arguments[sizeof...(Values) + 1] = {Argument(values)..., Argument(0)};
    return format_values(buffer, text, std::span(arguments, sizeof...(Values)));
}

} // namespace kernel
