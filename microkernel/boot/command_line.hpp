// SPDX-License-Identifier: BSD-2-Clause
// Kernel options on the boot command line: words `key` or `key=value`, separated by blanks. There is no quoting.
// Unknown words are nobody's business. Of two words with the same key the last counts.
#pragma once

#include <lib/text.hpp>

#include <optional>

namespace kernel::command_line {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Takes the first word off `rest`; empty when there is none left.
constexpr Text next_word(Text& rest) {
    const char* const start = std::ranges::find_if_not(rest, is_blank);
    const char* const end = std::ranges::find_if(start, rest.end(), is_blank);
    rest = Text(end, static_cast<size_t>(rest.end() - end));
    return Text(start, static_cast<size_t>(end - start));
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

static_assert(has("quiet log=3", "quiet") && !has("quietly", "quiet"));

} // namespace kernel::command_line
