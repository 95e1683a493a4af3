// SPDX-License-Identifier: BSD-2-Clause
// An endpoint: threads that wait to send, or threads that wait to receive, never both.
#pragma once

#include <mem/address.hpp>
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
        Tcb* const rest = queue_pop(first);
        set(rest, rest ? state() : State::idle);
        return first;
    }
    /// `thread` must be queued here.
    void remove(Tcb& thread) {
        Tcb* rest = queue_remove(first(), thread);
        set(rest, rest ? state() : State::idle);
    }

private:
    void set(Tcb* first, State state) { queue_ = reinterpret_cast<Word>(first) | static_cast<Word>(state); }

    Word queue_ = 0; ///< first thread; its TCB is 2048-byte aligned, so the low bits carry the state
    [[maybe_unused]] Word reserved_ = 0;
};

static_assert(sizeof(Endpoint) == 16);

} // namespace kernel
