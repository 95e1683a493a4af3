// SPDX-License-Identifier: BSD-2-Clause
// PID 1's own slots, behind those that every process has.
#pragma once

#include <servers/eclipse-systemd/name_directory.hpp>
#include <sys/cap/cnode.hpp>
#include <sys/proc/slots.hpp>

namespace systemd::manager_slot {

using sys::Word;

inline constexpr Word outgoing = sys::slot::first_free; ///< our endpoint with a child's badge, while it is sent
inline constexpr Word incoming = sys::slot::first_free + 1; ///< where a capability in a message arrives
inline constexpr Word answer = sys::slot::first_free + 2; ///< a capability on its way in an answer
inline constexpr Word exit_signal = sys::slot::first_free + 3; ///< our notification, badge exit_badge
inline constexpr Word alarm_signal = sys::slot::first_free + 4; ///< our notification, badge alarm_badge
inline constexpr Word first_name = sys::slot::first_free + 8; ///< what others have published
inline constexpr Word end = first_name + NameDirectory::capacity;

static_assert(end <= Word{1} << sys::slot::cnode_bits);

} // namespace systemd::manager_slot
