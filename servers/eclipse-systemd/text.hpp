// SPDX-License-Identifier: BSD-2-Clause
// Text: a view of characters that somebody else keeps; TextStore: who keeps them. Small helpers of the unit parser.
#pragma once

#include <optional>
#include <stddef.h>
#include <stdint.h>
#include <string_view>

namespace systemd {

using Text = std::string_view;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Without blanks at both ends.
constexpr Text trim(Text text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Cuts the first word off `rest`; empty when nothing but blanks is left.
constexpr Text next_word(Text& rest) {
    rest = trim(rest);
    size_t length = 0;
    while (length < rest.size() && !is_blank(rest[length]))
        ++length;
    const Text word = rest.substr(0, length);
    rest.remove_prefix(length);
    return word;
}

/// The whole of `text` as a decimal number up to `most`.
constexpr std::optional<uint64_t> parse_number(Text text, uint64_t most) {
    if (text.empty())
        return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c))
            return std::nullopt;
        const auto digit = static_cast<uint64_t>(c - '0');
        if (value > (most - digit) / 10 || digit > most)
            return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

/// Characters, one after the other, that stay where they are for as long as the store lives.
/// One text is under construction at a time: put() its characters, then finish() or abandon() it.
class TextStore {
public:
    static constexpr size_t capacity = 32 * 1024;

    TextStore() {} // the buffer stays as it is: pages that hold no text are never touched
    TextStore(const TextStore&) = delete;
    TextStore& operator=(const TextStore&) = delete;

    /// False if the store is full.
    [[nodiscard]] bool put(char c) {
        if (used_ == capacity)
            return false;
        buffer_[used_++] = c;
        return true;
    }
    [[nodiscard]] bool put(Text text) {
        for (const char c : text) {
            if (!put(c))
                return false;
        }
        return true;
    }

    /// What was put since the last text was finished or abandoned.
    Text finish() {
        const Text text(buffer_ + start_, used_ - start_);
        start_ = used_;
        return text;
    }
    void abandon() { used_ = start_; }

    size_t used() const { return used_; }
    /// Gives back everything kept since used() was `mark`.
    void release(size_t mark) { used_ = start_ = mark; }

private:
    size_t used_ = 0;
    size_t start_ = 0;
    char buffer_[capacity];
};

} // namespace systemd
