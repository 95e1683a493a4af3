// SPDX-License-Identifier: BSD-2-Clause
// The threads that could run now, one queue per priority, and a bitmap of the queues that hold any.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

inline constexpr unsigned priority_count = 256;

class ReadyQueues {
public:
    void push_front(Tcb& thread) {
        const unsigned priority = thread.priority;
        Queue& queue = queues_[priority];
        Tcb* const first = queue.first;
        thread.queue.previous = nullptr;
        thread.queue.next = first;
        thread.in_ready_queue = true;
        queue.first = &thread;
        if (first) {
            first->queue.previous = &thread;
        } else {
            queue.last = &thread;
            begin(priority);
        }
    }
    void push_back(Tcb& thread) {
        const unsigned priority = thread.priority;
        Queue& queue = queues_[priority];
        Tcb* const last = queue.last;
        thread.queue.next = nullptr;
        thread.queue.previous = last;
        thread.in_ready_queue = true;
        queue.last = &thread;
        if (last) {
            last->queue.next = &thread;
        } else {
            queue.first = &thread;
            begin(priority);
        }
    }
    /// `thread` must be in a queue, under the priority it was put in with.
    void remove(Tcb& thread) {
        Queue& queue = queues_[thread.priority];
        Tcb* const previous = thread.queue.previous;
        Tcb* const next = thread.queue.next;
        (previous ? previous->queue.next : queue.first) = next;
        (next ? next->queue.previous : queue.last) = previous;
        if (!queue.first)
            end(thread.priority);
        thread.in_ready_queue = false;
    }
    /// The first thread of the highest priority, taken out; null if there is none.
    Tcb* pop_highest() {
        if (is_empty())
            return nullptr;
        Queue& queue = queues_[highest()];
        Tcb* const thread = queue.first;
        queue.first = thread->queue.next;
        if (queue.first) {
            queue.first->queue.previous = nullptr;
        } else {
            queue.last = nullptr;
            end(thread->priority);
        }
        thread->in_ready_queue = false;
        return thread;
    }
    /// Whether a queue above `priority` holds a thread.
    bool any_above(uint8_t priority) const { return summary_ != 0 && highest() > priority; }
    bool is_empty() const { return summary_ == 0; }
    Tcb* first(uint8_t priority) const { return queues_[priority].first; }

private:
    friend class Inspector;
    struct Queue {
        Tcb* first = nullptr;
        Tcb* last = nullptr;
    };
    unsigned highest() const {
        const unsigned word = highest_bit(summary_);
        return word * 64 + highest_bit(occupied_[word]);
    }
    /// The queue of this priority is no longer empty.
    void begin(unsigned priority) {
        occupied_[priority / 64] |= bit(priority % 64);
        summary_ |= bit(priority / 64);
    }
    /// It is empty again.
    void end(unsigned priority) {
        occupied_[priority / 64] &= ~bit(priority % 64);
        if (occupied_[priority / 64] == 0)
            summary_ &= ~bit(priority / 64);
    }

    std::array<Queue, priority_count> queues_{};
    std::array<uint64_t, priority_count / 64> occupied_{};
    uint64_t summary_ = 0; ///< which words of occupied_ are not 0
};

} // namespace kernel
