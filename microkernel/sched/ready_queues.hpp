// SPDX-License-Identifier: BSD-2-Clause
// The threads that could run now, one queue per priority, and a bitmap of the queues that hold any.
#pragma once

#include <lib/bits.hpp>

#include <array>

namespace kernel {

struct Tcb;

inline constexpr unsigned priority_count = 256;

class ReadyQueues {
public:
    void push_front(Tcb& thread);
    void push_back(Tcb& thread);
    /// `thread` must be in a queue, under the priority it was put in with.
    void remove(Tcb& thread);
    /// The first thread of the highest priority, taken out; null if there is none.
    Tcb* pop_highest();
    /// Whether a queue above `priority` holds a thread.
    bool any_above(uint8_t priority) const { return summary_ != 0 && highest() > priority; }
    bool is_empty() const { return summary_ == 0; }
    Tcb* first(uint8_t priority) const { return queues_[priority].first; }

private:
    struct Queue {
        Tcb* first = nullptr;
        Tcb* last = nullptr;
    };
    unsigned highest() const {
        const unsigned word = highest_bit(summary_);
        return word * 64 + highest_bit(occupied_[word]);
    }
    void mark(uint8_t priority);
    void unmark(uint8_t priority);

    std::array<Queue, priority_count> queues_{};
    std::array<uint64_t, priority_count / 64> occupied_{};
    uint64_t summary_ = 0; ///< which words of occupied_ are not 0
};

} // namespace kernel
