// SPDX-License-Identifier: BSD-2-Clause
// Sending to whatever a capability names: an endpoint, a notification, a reply object, or the kernel itself.
#pragma once

#include <ipc/endpoint_ipc.hpp>

namespace kernel {

/// Sends `thread`'s message to what `pointer` names. The system call completes here, unless it blocks, faults or is
/// preempted.
void invoke(Tcb& thread, Word pointer, SendMode mode);
/// The same, to what is in `slot`.
void invoke_slot(Tcb& thread, Slot& slot, SendMode mode);
/// The first half of a call that then receives, which completes it: some capabilities are refused, and errors vanish.
/// Returns false if the system call must be executed again from the start.
bool invoke_first_half(Tcb& thread, Word pointer);

} // namespace kernel
