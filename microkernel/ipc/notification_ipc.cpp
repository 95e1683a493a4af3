// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/notification_ipc.hpp>
#include <sched/scheduler.hpp>
#include <sched/yield.hpp>

namespace kernel {
namespace {

void lend_context(Notification& notification, Tcb& thread) {
    SchedContext* const context = notification.sched_context;
    if (context && !thread.sched_context && !context->thread)
        donate(*context, thread);
}

void deliver(Tcb& thread, Notification& notification, Word badge) {
    thread.context.rdi = badge;
    complete_syscall(thread);
    thread.state = ThreadState::runnable;
    lend_context(notification, thread);
    wake(thread);
}

} // namespace

void signal_waiter(Notification& notification, Word badge) {
    if (notification.state == Notification::State::waiting)
        return deliver(notification.pop(), notification, badge);
    cancel_ipc(*notification.bound);
    deliver(*notification.bound, notification, badge);
}

void take_signal(Tcb& thread, Notification& notification) {
    thread.context.rdi = std::exchange(notification.signals, 0);
    notification.state = Notification::State::idle;
    complete_syscall(thread);
    if (thread.sched_context)
        return;
    lend_context(notification, thread);
    wake(thread);
}

void wait(Tcb& thread, Notification& notification, Blocking blocking) {
    if (notification.state == Notification::State::active)
        return take_signal(thread, notification);
    if (blocking == Blocking::no) {
        thread.context.rdi = 0;
        return complete_syscall(thread);
    }
    stop_running(thread, ThreadState::waiting);
    thread.waits_on = &notification;
    notification.insert(thread);
    return_context(notification, thread);
}

void return_context(Notification& notification, Tcb& thread) {
    SchedContext* const context = notification.sched_context;
    if (context && thread.sched_context == context)
        unbind_context(*context);
}

bool release_one(Notification& notification) {
    if (notification.state != Notification::State::waiting)
        return false;
    restart(*notification.waiters);
    return true;
}

void unbind_thread(SchedContext& context) {
    if (context.yielded_from)
        complete_yield(*context.yielded_from);
    unbind_context(context);
}

void unbind_lender(SchedContext& context) {
    if (context.notification)
        context.notification->sched_context = nullptr;
    context.notification = nullptr;
}

void unbind_all(SchedContext& context) {
    unbind_thread(context);
    unbind_lender(context);
    if (context.top_reply)
        context.top_reply->set_next(nullptr);
    context.top_reply = nullptr;
}

void unbind_notification(Tcb& thread) {
    if (thread.bound_notification)
        thread.bound_notification->bound = nullptr;
    thread.bound_notification = nullptr;
}

} // namespace kernel
