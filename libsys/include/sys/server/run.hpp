// SPDX-License-Identifier: BSD-2-Clause
// A service's life from main on: it is published, says that it is ready, serves, and ends when it is asked to.
//
// The service manager asks before it kills: a signal with stop_badge_bit. The message being served is answered first; then
// `void stop()` of the server, if it has one, is its last chance to save what it keeps and to answer who waits; then tasks that
// still wait are ended, and main returns 0. TimeoutStopSec= of the unit says how long all that may take.
#pragma once

#include <sys/ipc/server.hpp>
#include <sys/proc/service.hpp>
#include <sys/server/replies.hpp>
#include <sys/server/task.hpp>
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

/// Whether a message is the request to end.
inline bool asks_to_end(const Received& received) {
    constexpr Word both = signal_badge_bit | stop_badge_bit;
    return (received.badge.value & both) == both;
}

namespace detail {
/// `receiving()` is the reply object to receive the next message with.
template <ServerObject Server, class Receiving>
void serve_until_asked_to_end(Server& server, Receiving&& receiving) {
    const Endpoint endpoint(slot::endpoint);
    Received received = endpoint.receive(receiving());
    for (;;) {
        const std::optional<Message> answer = serve_one(server, received);
        if (asks_to_end(received))
            break;
        received = answer ? endpoint.reply_receive(*answer, receiving()) : endpoint.receive(receiving());
    }
    if constexpr (requires { server.stop(); })
        server.stop();
    Task::cancel_all();
}
} // namespace detail

/// Serves until somebody asks the program to end, for programs that open themselves; 0, the status for main.
template <ServerObject Server>
int serve_until_asked_to_end(Server& server) {
    detail::serve_until_asked_to_end(server, [] { return Reply(slot::reply); });
    return 0;
}

/// Opens the program and serves `server` until it is asked to end. The status for main: 1 if others could not find it.
template <ServerObject Server>
int run(const char* name, Server& server) {
    return open(name) ? serve_until_asked_to_end(server) : 1;
}

/// The same for a server that keeps callers (`replies` is where it does).
template <ServerObject Server>
int run(const char* name, Server& server, Replies& replies) {
    if (!open(name))
        return 1;
    detail::serve_until_asked_to_end(server, [&] { return replies.receiving(); });
    return 0;
}

} // namespace sys::service
