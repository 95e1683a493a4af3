// SPDX-License-Identifier: BSD-2-Clause
// The end of capabilities and objects: Delete, Revoke, and what an object does when its last capability goes.
//
// Everything here may take long, so it goes in bounded steps with a look for something more urgent between them; an
// operation that stops halfway is simply started again and goes on. There is no recursion:
//
// The last capability of a CNode or TCB becomes a *zombie*, which counts the slots that may still hold something, and
// empties them from the last to the first. When it meets the last capability of another CNode or TCB, that one's zombie
// takes the place outside, and the outer zombie is set aside in the slot that was just freed, inside its own object; the
// two know each other. An empty zombie gives its place back to the one set aside. Whoever finds one that is set aside, and
// wants it gone, goes on with it where it is: nobody ever follows a chain of them.
#pragma once

#include <cap/slot.hpp>

namespace kernel {

enum class Progress : bool { preempted, finished };

/// Empties `slot`, whatever is in it. Preempted: call again.
[[nodiscard]] Progress delete_slot(Slot& slot);
/// Deletes all descendants of `slot`'s capability. Preempted: call again.
[[nodiscard]] Progress revoke(Slot& slot);

} // namespace kernel
