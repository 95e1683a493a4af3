// SPDX-License-Identifier: BSD-2-Clause
// Protocol of the console server: whole lines out, edited lines in. Badge = process number.
#pragma once

#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sys::protocol::console {

enum class Error : Word {
    too_many_readers = protocol_error_base(Protocol::console), ///< detail 0 = limit
    last,
};

/// Prints the payload; a line end is added if the last is missing, so that nobody's line is ever torn.
struct Write {
    static constexpr Word label = request_label(Protocol::console, 0);
    using Reply = Empty;
    static constexpr unsigned max_bytes = 904;
};

/// The next line that somebody types, without its end, as payload. Blocks. While a reader waits, lines go to it and not to
/// the console's own commands.
struct ReadLine {
    static constexpr Word label = request_label(Protocol::console, 1);
    using Reply = Empty;
    static constexpr unsigned max_bytes = 248;
};

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::too_many_readers: return "too many readers";
    case Error::last: break;
    }
    return "unknown error of the console";
}

} // namespace sys::protocol::console
