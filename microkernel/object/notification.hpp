// SPDX-License-Identifier: BSD-2-Clause
// A notification: a word of signals that nobody has looked at yet, or the threads that wait for one.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

struct Notification {
    enum class State : Word { idle, waiting, active };

    State state;
    Tcb* waiters;  ///< state waiting
    Word signals;  ///< state active: the badges of all signals since somebody looked
    Tcb* bound;    ///< thread that receives signals while it waits on an endpoint
    SchedContext* sched_context; ///< lent to a woken thread that has none
    Word reserved[3];

    void insert(Tcb& thread) {
        waiters = queue_insert(waiters, thread);
        state = State::waiting;
    }
    /// Takes the first thread out; there must be one.
    Tcb& pop() {
        Tcb& first = *waiters;
        waiters = queue_pop(first);
        if (!waiters)
            state = State::idle;
        return first;
    }
    /// `thread` must be queued here.
    void remove(Tcb& thread) {
        waiters = queue_remove(waiters, thread);
        if (!waiters)
            state = State::idle;
    }
};

static_assert(sizeof(Notification) == 64);

} // namespace kernel
