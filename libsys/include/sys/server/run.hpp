// SPDX-License-Identifier: BSD-2-Clause
// A service's life from main on: it is published, says that it is ready, and serves.
#pragma once

#include <sys/ipc/server.hpp>
#include <sys/proc/service.hpp>
#include <sys/server/replies.hpp>
#include <sys/util/event.hpp>
#include <sys/util/panic.hpp>

namespace sys::service {

/// From now on lines of the program begin with `name`, and others find its endpoint under it. Tells the service manager that
/// all is ready.
inline Result<void> open(const char* name) {
    set_program_name(name);
    if (const auto published = publish(name); !published) {
        log_event(Severity::error, "cannot be published", {{"error", published.error()}});
        return published.error();
    }
    if (const auto told = report_ready(); !told)
        log_event(Severity::warning, "no service manager", {{"error", told.error()}});
    return {};
}

/// Opens the program and serves `server` for ever. Comes back only if others could not find it: with the status for main.
template <ServerObject Server>
int run(const char* name, Server& server) {
    if (!open(name))
        return 1;
    serve(Endpoint(slot::endpoint), Reply(slot::reply), server);
}

/// The same for a server that keeps callers (`replies` is where it does).
template <ServerObject Server>
int run(const char* name, Server& server, Replies& replies) {
    if (!open(name))
        return 1;
    serve(Endpoint(slot::endpoint), replies, server);
}

} // namespace sys::service
