// SPDX-License-Identifier: BSD-2-Clause
// Logging by whole lines. Until a program chooses another sink, lines go to the kernel's debug output.
#pragma once

#include <sys/util/format.hpp>

namespace sys {

/// Longest line; more is cut and marked.
inline constexpr size_t max_log_line = 512;

/// Gets one line without its line end.
using LogSink = void (*)(std::string_view line);

/// Where lines go from now on; null is a bug.
void set_log_sink(LogSink sink);

/// The default sink: DebugPutChar, character by character, with a line feed at the end.
void log_to_kernel(std::string_view line);

/// The sink of processes: a call to the console server; to the kernel's debug output if that fails. Like every call it
/// spoils the IPC buffer.
void log_to_console(std::string_view line);

/// Writes one line through the sink.
void log_line(std::string_view line);

template <class... Arguments>
void log(FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
    char storage[max_log_line];
    TextBuffer buffer(storage);
    format_to(buffer, format, arguments...);
    if (buffer.is_truncated())
        storage[max_log_line - 1] = storage[max_log_line - 2] = storage[max_log_line - 3] = '.';
    log_line(buffer.text());
}

} // namespace sys
