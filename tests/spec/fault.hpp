// SPDX-License-Identifier: BSD-2-Clause
// Faults: messages that the kernel sends for a thread to its handler.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// `thread` has faulted: its handler gets a message; without one it stops.
void raise_fault(System& system, Thread& thread, const Fault& fault);
/// The fault of `thread` goes to `handler`; null: it stops.
void tell_fault(System& system, Thread& thread, const Capability* handler);
/// The budget of `thread` has ended, and it has a handler for that.
void raise_timeout(System& system, Thread& thread);
/// `replier`'s message answers the fault of `thread`: whether that goes on.
bool answer_fault(System& system, Thread& replier, Thread& thread);

} // namespace spec
