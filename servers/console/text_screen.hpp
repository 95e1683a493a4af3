// SPDX-License-Identifier: BSD-2-Clause
// A scrolling text screen of 80 x 25 character cells, as VGA text mode shows it (low byte character, high byte colour). Pure.
#pragma once

#include <span>
#include <stddef.h>
#include <stdint.h>
#include <string_view>

namespace console {

class TextScreen {
public:
    static constexpr size_t columns = 80, rows = 25;
    static constexpr uint16_t blank = 0x0720; ///< a space, light grey on black

    /// An empty span: no screen, everything is ignored.
    explicit TextScreen(std::span<volatile uint16_t> cells) : cells_(cells) {}

    void clear();
    /// '\n' starts a new line, '\r' goes back to its start, '\b' goes one back; bytes above 126 show as '?'.
    void write(std::string_view text);

private:
    void put(char character);
    void new_line();

    std::span<volatile uint16_t> cells_;
    size_t row_ = 0;
    size_t column_ = 0;
};

} // namespace console
