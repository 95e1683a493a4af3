// SPDX-License-Identifier: BSD-2-Clause
// Notifications: signals that nobody has seen yet, or threads that wait for one.
#pragma once

#include <spec/system.hpp>

namespace spec {

void signal(System& system, Notification& notification, Word badge);
/// `thread` waits for a signal, or looks for one. Completes its call, or blocks it.
void wait(System& system, Thread& thread, Notification& notification, bool blocking);
/// `thread` gets the signals that are there.
void take_signal(System& system, Thread& thread, Notification& notification);
/// `thread` gives back the context that it borrowed from `notification`, if it did.
void return_context(System& system, Thread& thread, Notification& notification);
/// All waiting threads wait again.
void cancel_all(System& system, Notification& notification);

} // namespace spec
