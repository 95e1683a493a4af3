// SPDX-License-Identifier: BSD-2-Clause
// Protocol of the clock service.
#pragma once

#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sys::protocol::clock {

/// The time of day, as the machine's clock keeps it (UTC by custom).
struct Now {
    static constexpr Word label = request_label(Protocol::clock, 0);
    struct Reply {
        Word unix_seconds = 0; ///< since 1970-01-01 00:00:00
        Word interrupts = 0;   ///< of the clock since the service started, one a second
    };
};

static_assert(Request<Now>);

} // namespace sys::protocol::clock
