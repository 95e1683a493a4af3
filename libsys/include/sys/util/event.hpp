// SPDX-License-Identifier: BSD-2-Clause
// Structured logging: what happened, in fixed words, and what it happened with, by name.
//
//     sys::log_event(sys::Severity::warning, "client refused", {{"badge", badge.value}, {"left", left}});
//     [tally] warning: client refused badge=65537 left=12
#pragma once

#include <initializer_list>
#include <sys/util/log.hpp>

namespace sys {

enum class Severity { debug, notice, warning, error };

/// A name and a value of a structured log line.
struct Field {
    std::string_view name;
    FormatArgument value;
};

/// One line through the log sink; text with blanks, quotes or control characters is quoted, so that a line can be read back.
void log_event(Severity severity, std::string_view what, std::initializer_list<Field> fields = {});

} // namespace sys
