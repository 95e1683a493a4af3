// SPDX-License-Identifier: BSD-2-Clause
// Protocol of sample-driver: interrupts counted, and waited for.
#pragma once

#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sample_driver {

using sys::Word;

/// Number and version: whoever was built against another version is answered with unknown_request.
inline constexpr sys::Protocol protocol = sys::protocol_named("sample-driver", 1);

enum class Error : Word {
    too_long = sys::protocol_error_base(protocol), ///< detail 0 = the most that can be waited for
    last,
};

/// How many interrupts there were since the driver started.
struct Count {
    static constexpr Word label = sys::request_label(protocol, 0);
    struct Reply {
        Word ticks = 0;
        Word hertz = 0; ///< how many there are in a second
    };
};

/// Answered after that many further interrupts.
struct Wait {
    static constexpr Word label = sys::request_label(protocol, 1);
    static constexpr Word max_ticks = 6000;
    struct Reply {
        Word ticks = 0; ///< as in Count
    };
    Word ticks = 0;
};

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::too_long: return "longer than can be waited for";
    case Error::last: break;
    }
    return "unknown error of sample-driver";
}

static_assert(sys::Request<Count> && sys::Request<Wait>);

} // namespace sample_driver
