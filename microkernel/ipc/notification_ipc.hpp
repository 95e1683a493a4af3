// SPDX-License-Identifier: BSD-2-Clause
// Signals: sending them, waiting for them, and the scheduling context that a notification lends.
#pragma once

#include <ipc/endpoint_ipc.hpp>
#include <object/notification.hpp>

namespace kernel {

/// `badge` to the first waiter, or to the bound thread, which waits on an endpoint.
void signal_waiter(Notification& notification, Word badge);
/// To the bound thread if it waits on an endpoint, else to the first waiter, else kept until somebody looks.
inline void signal(Notification& notification, Word badge) {
    const Tcb* const bound = notification.bound;
    if (notification.state == Notification::State::waiting || (bound && bound->state == ThreadState::receiving))
        return signal_waiter(notification, badge);
    notification.state = Notification::State::active;
    notification.signals |= badge;
}
/// `thread` takes what has been signalled, or waits, if it may block; a poll that finds nothing sees badge 0.
void wait(Tcb& thread, Notification& notification, Blocking blocking);
/// `thread` takes the signals of `notification`, which is active.
void take_signal(Tcb& thread, Notification& notification);
/// A thread that runs on the notification's context gives it back.
void return_context(Notification& notification, Tcb& thread);
/// One waiter waits again from the start; for deletion, step by step. Returns whether one was there.
bool release_one(Notification& notification);
/// The thread that runs on `context`, if any, loses it; a YieldTo on it is answered.
void unbind_thread(SchedContext& context);
/// The notification that lends `context`, if any, no longer does.
void unbind_lender(SchedContext& context);
/// Both, and the stack of callers that went through it breaks.
void unbind_all(SchedContext& context);
/// `thread` no longer receives the signals of its bound notification, if any.
void unbind_notification(Tcb& thread);

} // namespace kernel
