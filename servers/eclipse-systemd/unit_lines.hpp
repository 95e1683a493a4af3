// SPDX-License-Identifier: BSD-2-Clause
// LineReader: a unit file as logical lines. Skips blank lines and comments (# and ;), joins a line that ends in a
// backslash with the next one by a blank, and checks every byte.
#pragma once

#include <optional>
#include <servers/eclipse-systemd/text.hpp>
#include <servers/eclipse-systemd/unit_error.hpp>

namespace systemd {

inline constexpr size_t max_line_bytes = 2048; ///< a logical line

struct Line {
    uint32_t number = 0; ///< of its first physical line, from 1
    Text text;           ///< trimmed, never empty; valid until the next call of next()
};

class LineReader {
public:
    explicit LineReader(Text file) : rest_(file) {}

    /// The next logical line; nothing at the end of the file, or after a fault.
    std::optional<Line> next();
    /// What stopped next() early, if anything did.
    const std::optional<UnitError>& error() const { return error_; }

private:
    Text physical_line();
    std::optional<Line> join(Text first);
    bool append(Text piece);
    std::nullopt_t fail(UnitFault fault, uint32_t line);

    Text rest_;
    uint32_t number_ = 0; ///< of the last physical line taken
    std::optional<UnitError> error_;
    char joined_[max_line_bytes];
    size_t joined_size_ = 0;
};

} // namespace systemd
