// SPDX-License-Identifier: BSD-2-Clause
// What a program that eclipse-systemd started says to it.
#pragma once

#include <sys/cap/cnode.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/service_manager.hpp>

namespace sys::service {

namespace detail {
template <Request R>
Result<void> tell(const R& request) {
    TRY(call(Endpoint(slot::service_manager), request));
    return {};
}
} // namespace detail

/// The service is ready for its clients.
inline Result<void> report_ready() { return detail::tell(protocol::service_manager::Ready{}); }

/// The service is well; for those with WatchdogSec=.
inline Result<void> report_alive() { return detail::tell(protocol::service_manager::Alive{}); }

/// Others may connect to this program's endpoint (slot::endpoint) under `name`.
inline Result<void> publish(std::string_view name) {
    const protocol::service_manager::Publish request{protocol::service_manager::Name::of(name)};
    TRY(call(Endpoint(slot::service_manager), request, Endpoint(slot::endpoint)));
    return {};
}

/// The endpoint that some service has published, into an empty slot of this program.
inline Result<Endpoint> connect(std::string_view name, Word into) {
    const protocol::service_manager::Connect request{protocol::service_manager::Name::of(name)};
    return TRY(call_for(Endpoint(slot::service_manager), request, Object(slot::cnode), into)).capability;
}

/// Whether the client with this badge still lives. True if nobody can tell.
inline bool lives(Badge client) {
    const auto answer = call(Endpoint(slot::service_manager), protocol::service_manager::IsAlive{client.value});
    return !answer || answer->alive != 0;
}

} // namespace sys::service
