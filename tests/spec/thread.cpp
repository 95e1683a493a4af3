// SPDX-License-Identifier: BSD-2-Clause
#include <spec/thread.hpp>

#include <spec/reply.hpp>
#include <spec/scheduler.hpp>

#include <algorithm>

namespace spec {

void join(Queue& queue, Thread& thread) {
    const auto behind =
        std::ranges::find_if(queue, [&](const Thread* other) { return other->priority < thread.priority; });
    queue.insert(behind, &thread);
}

void leave(Queue& queue, Thread& thread) { std::erase(queue, &thread); }

void cancel_wait(System&, Thread& thread) {
    switch (thread.state) {
    case ThreadState::sending: leave(thread.endpoint->senders, thread); break;
    case ThreadState::receiving:
        leave(thread.endpoint->receivers, thread);
        if (thread.reply)
            unlink(*thread.reply);
        break;
    case ThreadState::awaiting_reply: abandon(*thread.reply); break;
    case ThreadState::waiting: leave(thread.waits_on->waiters, thread); break;
    case ThreadState::stopped:
    case ThreadState::running: return; // what it stopped for is remembered
    }
    thread.fault.reset();
}

void suspend(System& system, Thread& thread) {
    stop(system, thread);
    thread.stopped_at = system.now;
}

void stop(System& system, Thread& thread) {
    if (thread.state == ThreadState::running)
        thread.stopped_at = system.now;
    cancel_wait(system, thread);
    cancel_yield(thread);
    thread.state = ThreadState::stopped;
    leave_schedule(system, thread);
}

void restart(System& system, Thread& thread) {
    if (thread.state == ThreadState::running)
        return;
    cancel_wait(system, thread);
    thread.fault.reset();
    thread.state = ThreadState::running;
    wake(system, thread);
}

void set_priority(System& system, Thread& thread, unsigned priority) {
    const bool ready = is_ready(system, thread) || system.decision.candidate == &thread;
    if (ready)
        leave_schedule(system, thread);
    thread.priority = priority;
    Queue* queue = nullptr;
    switch (thread.state) {
    case ThreadState::sending: queue = &thread.endpoint->senders; break;
    case ThreadState::receiving: queue = &thread.endpoint->receivers; break;
    case ThreadState::waiting: queue = &thread.waits_on->waiters; break;
    default: break;
    }
    if (queue) {
        leave(*queue, thread);
        join(*queue, thread);
    }
    if (ready)
        go_to_head(system, thread);
    else if (system.current == &thread)
        reschedule(system);
}

void bind(Thread& thread, Notification& notification) {
    thread.bound = &notification;
    notification.bound = &thread;
}

void unbind(Thread& thread) {
    if (thread.bound)
        thread.bound->bound = nullptr;
    thread.bound = nullptr;
}

} // namespace spec
