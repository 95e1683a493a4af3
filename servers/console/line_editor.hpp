// SPDX-License-Identifier: BSD-2-Clause
// The line that somebody is typing: bytes in, echo out, and now and then a finished line. Pure.
#pragma once

#include <stddef.h>
#include <string_view>

namespace console {

class LineEditor {
public:
    static constexpr size_t max_line = 248;

    /// What the terminal shall show for a byte typed.
    enum class Echo { nothing, character, erase, erase_all, new_line };

    /// Takes one byte. After new_line, `take_line` has the line.
    Echo type(char byte);
    /// What is being typed.
    std::string_view text() const { return {line_, size_}; }
    /// The line just finished; the editor starts over. Valid until the next byte is typed.
    std::string_view take_line() {
        const std::string_view line = text();
        size_ = 0;
        return line;
    }

private:
    char line_[max_line] = {};
    size_t size_ = 0;
    bool after_carriage_return_ = false;
    unsigned escape_ = 0; ///< inside a terminal's escape sequence, which is swallowed
};

} // namespace console
