// SPDX-License-Identifier: BSD-2-Clause
// A service's life from main on: it is published, says that it is ready, and serves.
#pragma once

#include <sys/ipc/server.hpp>
#include <sys/proc/service.hpp>
#include <sys/util/log.hpp>

namespace sys::service {

/// Publishes the program's endpoint as `name`, reports ready and serves `server` for ever. Comes back only if others could
/// not find it: with the status for main.
template <ServerObject Server>
int run(const char* name, Server& server) {
    if (const auto published = publish(name); !published) {
        log("[{}] cannot be published: {}", name, published.error());
        return 1;
    }
    if (const auto told = report_ready(); !told)
        log("[{}] no service manager: {}", name, told.error());
    serve(Endpoint(slot::endpoint), Reply(slot::reply), server);
}

} // namespace sys::service
