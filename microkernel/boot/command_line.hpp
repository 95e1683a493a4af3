// SPDX-License-Identifier: BSD-2-Clause
// Kernel options on the boot command line: words `key` or `key=value`, separated by blanks. There is no quoting.
// Unknown words are nobody's business. Of two words with the same key the last counts.
#pragma once

#include <lib/text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kernel::command_line {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Takes the first word off `rest`; empty when there is none left.
constexpr Text next_word(Text& rest) {
    size_t start = 0;
    while (start < rest.size() && is_blank(rest[start]))
        ++start;
    size_t end = start;
    while (end < rest.size() && !is_blank(rest[end]))
        ++end;
    const Text word = rest.part(start, end - start);
    rest = rest.part(end);
    return word;
}

/// What the last word `key=value` says; empty text for a word `key` or `key=`; nothing if there is no such word.
constexpr std::optional<Text> value_of(Text line, Text key) {
    std::optional<Text> found;
    for (Text word = next_word(line); !word.is_empty(); word = next_word(line)) {
        const size_t equals = word.find('=');
        if (word.part(0, equals) == key)
            found = word.part(equals + 1);
    }
    return found;
}

/// Whether `key` occurs, with or without a value.
constexpr bool has(Text line, Text key) { return value_of(line, key).has_value(); }

/// Value of a decimal or hexadecimal digit, or 16.
constexpr unsigned digit_value(char c) {
    if (c >= '0' && c <= '9')
        return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f')
        return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return static_cast<unsigned>(c - 'A') + 10;
    return 16;
}

/// A number in decimal, or in hexadecimal with 0x. Nothing if it is malformed or needs more than 64 bits.
constexpr std::optional<uint64_t> to_number(Text text) {
    uint64_t base = 10;
    if (text.part(0, 2) == "0x" || text.part(0, 2) == "0X") {
        base = 16;
        text = text.part(2);
    }
    if (text.is_empty())
        return {};
    uint64_t value = 0;
    for (char c : text) {
        const uint64_t digit = digit_value(c);
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return {};
        value = value * base + digit;
    }
    return value;
}

/// The number behind `key=`. Nothing if the key is missing or its last value is no number.
constexpr std::optional<uint64_t> number_of(Text line, Text key) {
    const std::optional<Text> value = value_of(line, key);
    return value ? to_number(*value) : std::nullopt;
}

static_assert(has("quiet log=3", "quiet") && !has("quietly", "quiet"));
static_assert(number_of("limit=0x40", "limit") == 64 && !number_of("limit=4k", "limit"));

} // namespace kernel::command_line
