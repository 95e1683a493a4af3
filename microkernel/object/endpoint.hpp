// SPDX-License-Identifier: BSD-2-Clause
// An endpoint: threads that wait to send, or threads that wait to receive, never both.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

class Endpoint {
public:
    enum class State : Word { idle = 0, receivers = 1, senders = 2 };

    bool is_idle() const { return queue_ == 0; }
    bool has_receivers() const { return queue_ & static_cast<Word>(State::receivers); }
    State state() const { return static_cast<State>(queue_ & 3); }
    Tcb* first() const { return reinterpret_cast<Tcb*>(queue_ & ~Word{3}); }
    /// Queues `thread` by its priority; `as` is what the queue holds from now on.
    void insert(Tcb& thread, State as) { set(queue_insert(first(), thread), as); }
    /// The only thread queued here leaves.
    void become_idle() { queue_ = 0; }
    /// `thread` is the only thread that waits here, to receive.
    void become_receiving(Tcb& thread) {
        queue_alone(thread);
        set(&thread, State::receivers);
    }
    /// Takes the first thread out; there must be one.
    Tcb& pop() {
        Tcb& first = *this->first();
        leave_scan(first);
        Tcb* const rest = queue_pop(first);
        set(rest, rest ? state() : State::idle);
        return first;
    }
    /// `thread` must be queued here.
    void remove(Tcb& thread) {
        leave_scan(thread);
        Tcb* rest = queue_remove(first(), thread);
        set(rest, rest ? state() : State::idle);
    }

    /// Where a search for senders with `badge` that was preempted goes on; a new one at the first.
    Tcb* scan_from(Word badge) const { return scan_ && scan_ >> 32 == low_half(badge) ? scanned() : first(); }
    /// It will go on with `next`; null: it is over. There is one search at a time: another badge's starts anew.
    void keep_scan(Tcb* next, Word badge) {
        scan_ = next ? physical(next).raw() >> abi::tcb_bits | low_half(badge) << 32 : 0;
    }

private:
    friend class Inspector;
    static constexpr Word low_half(Word word) { return word & ones(32); }
    Tcb* scanned() const { return window<Tcb>(PhysAddr(low_half(scan_) << abi::tcb_bits)); }
    void leave_scan(Tcb& thread) {
        if (scan_ && scanned() == &thread) [[unlikely]]
            keep_scan(thread.queue.next, scan_ >> 32);
    }
    void set(Tcb* first, State state) { queue_ = reinterpret_cast<Word>(first) | static_cast<Word>(state); }

    Word queue_ = 0; ///< first thread; its TCB is 2048-byte aligned, so the low bits carry the state
    Word scan_ = 0;  ///< address of a TCB below ram_limit, by 2048; low half of a badge; 0 = no search
};

static_assert(sizeof(Endpoint) == 16);
static_assert(layout::ram_limit.raw() >> abi::tcb_bits <= Word{1} << 32);

} // namespace kernel
