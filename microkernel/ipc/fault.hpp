// SPDX-License-Identifier: BSD-2-Clause
// Faults as messages: how they are told, who is told, and what an answer does to the thread.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

/// `thread` stops with `fault` and its handler is told; without a handler it just stops.
void raise_fault(Tcb& thread, const FaultRecord& fault);
/// Its pending fault goes to `handler`; null: it just stops.
void tell_fault(Tcb& thread, const Capability* handler);
/// Whether budget ends in a message rather than in waiting for the refill.
bool has_timeout_handler(const Tcb& thread);
/// Tells the timeout handler; the thread's context does not go along.
void deliver_timeout(Tcb& thread);

/// The pending fault of `thread` as a message with `badge` to `receiver`.
void write_fault_message(Tcb& thread, Word badge, Tcb& receiver);
/// `replier`'s message answers the pending fault of `thread`. Returns whether the thread goes on.
bool apply_fault_reply(Tcb& thread, Tcb& replier);

} // namespace kernel
