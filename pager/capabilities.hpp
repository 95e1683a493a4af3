// SPDX-License-Identifier: BSD-2-Clause
// Capabilities that clients and the pager hand to each other.
#pragma once

#include <sys/cap/endpoint.hpp>
#include <sys/cap/notification.hpp>

namespace pager::capabilities {

using sys::Result;
using sys::Word;

/// What arrives with a request waits in one slot.
void expect();
void drop_received();

/// A capability to the pager's endpoint whose badge is the number of a memory object. It is there until the next is minted.
Result<sys::Object> of_object(Word number);

/// The swap server's endpoint arrived.
Result<void> keep_swap_server();
sys::Endpoint swap_server();

inline constexpr unsigned max_watchers = 64;
/// A notification arrived, to be told of memory pressure.
Result<void> keep_watcher(unsigned index);
void signal_watcher(unsigned index);

} // namespace pager::capabilities
