// SPDX-License-Identifier: BSD-2-Clause
#include <spec/notification.hpp>

#include <spec/message.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>
#include <spec/thread.hpp>

namespace spec {
namespace {

/// A thread without context borrows that of the notification, if no thread has it.
void lend_context(System& system, Thread& thread, Notification& notification) {
    if (thread.context || !notification.context || notification.context->thread)
        return;
    give_context(system, *notification.context, thread);
}

void wake_with_signal(System& system, Thread& thread, Notification& notification, Word badge) {
    thread.registers[rdi] = badge;
    complete(thread);
    thread.state = ThreadState::running;
    lend_context(system, thread, notification);
    wake(system, thread);
}

} // namespace

void signal(System& system, Notification& notification, Word badge) {
    Thread* const bound = notification.bound;
    if (bound && bound->state == ThreadState::receiving) {
        cancel_wait(system, *bound);
        return wake_with_signal(system, *bound, notification, badge);
    }
    if (!notification.waiters.empty()) {
        Thread& first = *notification.waiters.front();
        leave(notification.waiters, first);
        return wake_with_signal(system, first, notification, badge);
    }
    notification.signals = notification.signals.value_or(0) | badge;
}

void take_signal(System& system, Thread& thread, Notification& notification) {
    thread.registers[rdi] = *notification.signals;
    notification.signals.reset();
    complete(thread);
    if (thread.context)
        return;
    lend_context(system, thread, notification);
    wake(system, thread);
}

void wait(System& system, Thread& thread, Notification& notification, bool blocking) {
    if (notification.signals)
        return take_signal(system, thread, notification);
    if (!blocking) {
        thread.registers[rdi] = 0;
        return complete(thread);
    }
    thread.state = ThreadState::waiting;
    thread.stopped_at = system.now;
    thread.waits_on = &notification;
    leave_schedule(system, thread);
    return_context(system, thread, notification);
    join(notification.waiters, thread);
}

void return_context(System& system, Thread& thread, Notification& notification) {
    if (thread.context && thread.context == notification.context)
        take_context(system, thread);
}

void cancel_all(System& system, Notification& notification) {
    for (Thread* thread : Queue(notification.waiters))
        restart(system, *thread);
}

} // namespace spec
