// SPDX-License-Identifier: BSD-2-Clause
// Splitting a value into words, with quotes and backslash escapes: ExecStart= and Environment= are written so.
//   'one word'  "one word"  \\ \" \' \n \t \s (a blank)
#pragma once

#include <optional>
#include <servers/eclipse-systemd/text.hpp>
#include <servers/eclipse-systemd/unit.hpp>
#include <servers/eclipse-systemd/unit_error.hpp>

namespace systemd {

/// Adds the words of `value` to `words`, their characters to `store`. On a fault `words` may have grown already.
std::optional<UnitFault> split_words(Text value, TextStore& store, WordList& words);

} // namespace systemd
