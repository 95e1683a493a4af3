// SPDX-License-Identifier: BSD-2-Clause
// Waiting for time to pass, and for services that are not there yet: for programs that do nothing else meanwhile.
#pragma once

#include <sys/cap/notification.hpp>
#include <sys/proc/service.hpp>
#include <sys/protocol/process.hpp>

namespace sys {

/// Comes back after `microseconds`, in steps of 10 ms and never early. `slot`: an empty slot, empty again afterwards. Signals
/// of others that come meanwhile are signalled again: one of them may ask the program to end.
inline Result<void> sleep(Word microseconds, Word slot) {
    constexpr Word badge = 1;
    const CNode own(slot::cnode);
    TRY(own.at(slot).mint_from(own.at(slot::notification), Rights::write(), badge));
    const auto set = call(Endpoint(slot::process_service), protocol::process::Alarm{microseconds}, Signal(slot));
    TRY(own.at(slot).remove());
    if (!set)
        return set.error();
    Word got = 0, others = 0;
    while ((got & badge) == 0) {
        got = Notification(slot::notification).wait().value;
        others |= got & ~badge;
    }
    if (others == 0)
        return {};
    TRY(own.at(slot).mint_from(own.at(slot::notification), Rights::write(), others));
    Notification(slot).signal();
    return own.at(slot).remove();
}

namespace service {

/// As connect; waits until somebody publishes the name. `into` may hold what an earlier call has found: a service that was
/// restarted has another endpoint.
inline Result<Endpoint> wait_for(std::string_view name, Word into) {
    constexpr Word pause = 20'000; ///< microseconds
    for (;;) {
        static_cast<void>(CNode(slot::cnode).at(into).remove());
        Result<Endpoint> found = connect(name, into);
        if (found || found.error() != protocol::service_manager::Error::no_such_name)
            return found;
        TRY(sleep(pause, into));
    }
}

} // namespace service

} // namespace sys
