// SPDX-License-Identifier: BSD-2-Clause
// The unit file parser: bytes that nobody vouches for in, a Unit or the reason why not out.
// Grammar: [Section] lines, Key=Value lines, comments, continuation (unit_lines.hpp), quotes (words.hpp). A list key
// that is repeated adds to its list; of any other key the last one counts. Keys and sections that are not known warn.
#pragma once

#include <optional>
#include <servers/eclipse-systemd/list.hpp>
#include <servers/eclipse-systemd/text.hpp>
#include <servers/eclipse-systemd/unit.hpp>
#include <servers/eclipse-systemd/unit_error.hpp>

namespace systemd {

inline constexpr size_t max_file_bytes = 64 * 1024;
inline constexpr size_t max_warnings = 16;

struct Warnings {
    List<Warning, max_warnings> first; ///< the first ones
    size_t total = 0;                  ///< all of them
};

/// Reads `file` into `unit`, whose texts stay in `store`. On an error `unit` is unusable and the store as before.
/// `name` is the file's name without its directory.
std::optional<UnitError> parse_unit(Text name, Text file, TextStore& store, Unit& unit, Warnings& warnings);

} // namespace systemd
