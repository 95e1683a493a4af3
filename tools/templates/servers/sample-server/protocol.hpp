// SPDX-License-Identifier: BSD-2-Clause
// Protocol of sample-server: a tally for each client, and a greeting.
#pragma once

#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sample_server {

using sys::Word;

/// Number and version: whoever was built against another version is answered with unknown_request.
inline constexpr sys::Protocol protocol = sys::protocol_named("sample-server", 1);

enum class Error : Word {
    above_limit = sys::protocol_error_base(protocol), ///< detail 0 = what could still be added
    not_a_name,                                       ///< empty, or too long
    last,
};

/// Adds to the caller's own tally.
struct Add {
    static constexpr Word label = sys::request_label(protocol, 0);
    static constexpr Word limit = 1'000'000; ///< of a tally
    struct Reply {
        Word total = 0;
    };
    Word amount = 0;
};

/// A greeting as payload, for the name that is the request's payload.
struct Greet {
    static constexpr Word label = sys::request_label(protocol, 1);
    static constexpr size_t max_name = 64;
    static constexpr size_t max_greeting = 128;
    using Reply = sys::Empty;
};

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::above_limit: return "the tally would exceed its limit";
    case Error::not_a_name: return "not a name";
    case Error::last: break;
    }
    return "unknown error of sample-server";
}

static_assert(sys::Request<Add> && sys::Request<Greet>);

} // namespace sample_server
