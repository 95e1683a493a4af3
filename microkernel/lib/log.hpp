// SPDX-License-Identifier: BSD-2-Clause
// The kernel's log: whole lines on the serial port. Host tests collect them instead (tests/host/support/log.cpp).
#pragma once

#include <lib/format.hpp>

namespace kernel {

/// Longer lines are cut.
inline constexpr size_t log_line_size = 200;

/// Writes characters as they are, without a line end.
void log_text(Text text);

/// One line, formatted as lib/format.hpp says; the line end is added.
template <class... Values>
void log(Text text, const Values&... values) {
    char line[log_line_size];
    size_t length = format(std::span(line, log_line_size - 1), text, values...);
    line[length++] = '\n';
    log_text(Text(line, length));
}

} // namespace kernel
