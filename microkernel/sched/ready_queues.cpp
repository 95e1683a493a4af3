// SPDX-License-Identifier: BSD-2-Clause
#include <object/tcb.hpp>
#include <sched/ready_queues.hpp>

namespace kernel {

void ReadyQueues::mark(uint8_t priority) {
    occupied_[priority / 64] |= bit(priority % 64);
    summary_ |= bit(priority / 64);
}

void ReadyQueues::unmark(uint8_t priority) {
    occupied_[priority / 64] &= ~bit(priority % 64);
    if (occupied_[priority / 64] == 0)
        summary_ &= ~bit(priority / 64);
}

void ReadyQueues::push_front(Tcb& thread) {
    Queue& queue = queues_[thread.priority];
    thread.queue.previous = nullptr;
    thread.queue.next = queue.first;
    if (queue.first) {
        queue.first->queue.previous = &thread;
    } else {
        queue.last = &thread;
        mark(thread.priority);
    }
    queue.first = &thread;
    thread.in_ready_queue = true;
}

void ReadyQueues::push_back(Tcb& thread) {
    Queue& queue = queues_[thread.priority];
    thread.queue.next = nullptr;
    thread.queue.previous = queue.last;
    if (queue.last) {
        queue.last->queue.next = &thread;
    } else {
        queue.first = &thread;
        mark(thread.priority);
    }
    queue.last = &thread;
    thread.in_ready_queue = true;
}

void ReadyQueues::remove(Tcb& thread) {
    Queue& queue = queues_[thread.priority];
    Tcb* const previous = thread.queue.previous;
    Tcb* const next = thread.queue.next;
    (previous ? previous->queue.next : queue.first) = next;
    (next ? next->queue.previous : queue.last) = previous;
    if (!queue.first)
        unmark(thread.priority);
    thread.queue = {};
    thread.in_ready_queue = false;
}

Tcb* ReadyQueues::pop_highest() {
    if (is_empty())
        return nullptr;
    Tcb* thread = queues_[highest()].first;
    remove(*thread);
    return thread;
}

} // namespace kernel
