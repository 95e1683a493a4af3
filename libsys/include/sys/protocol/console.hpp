// SPDX-License-Identifier: BSD-2-Clause
// Protocol of the console server: whole lines out, edited lines in. Badge = process number.
#pragma once

#include <sys/error.hpp>

namespace sys::protocol::console {

inline constexpr Word first_label = 0x300;

enum class Error : Word {
    too_many_readers = first_protocol_error + 512, ///< detail 0 = limit
    bad_length,                                    ///< a length beyond the structure
    last,
};

struct Done {
    Word reserved = 0;
};

/// Prints text; a line end is added if the last is missing, so that nobody's line is ever torn.
struct Write {
    static constexpr Word label = first_label + 0;
    using Reply = Done;
    static constexpr unsigned max_bytes = 904;
    Word size = 0;
    char text[max_bytes] = {};
};

/// The next line that somebody types, without its end. Blocks. While a reader waits, the console's own commands are off.
struct ReadLine {
    static constexpr Word label = first_label + 1;
    struct Reply {
        static constexpr unsigned max_bytes = 248;
        Word size = 0;
        char text[max_bytes] = {};
    };
    Word reserved = 0;
};

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::too_many_readers: return "too many readers";
    case Error::bad_length: return "bad length";
    case Error::last: break;
    }
    return "unknown error of the console";
}

} // namespace sys::protocol::console
