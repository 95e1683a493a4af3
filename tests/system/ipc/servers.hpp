// SPDX-License-Identifier: BSD-2-Clause
// Servers and callers for cases about scheduling contexts that travel.
#pragma once

#include <tests/system/ipc/meeting.hpp>

namespace test {

/// Receives and answers with the same word plus one, for ever; passive once its first context is taken away.
struct Server {
    sys::Endpoint own;
    sys::Reply reply;
    volatile Word served = 0;
    void operator()() {
        sys::Received received = own.receive(reply);
        for (;;) {
            served = served + 1;
            received = own.reply_receive(word(received.mr0 + 1), reply);
        }
    }
};

/// Passes each call on to another server and answers with what that said.
struct Relay {
    sys::Endpoint own, next;
    sys::Reply reply;
    volatile Word served = 0;
    void operator()() {
        sys::Received received = own.receive(reply);
        for (;;) {
            served = served + 1;
            const sys::Received answer = next.call(word(received.mr0));
            received = own.reply_receive(word(answer.mr0), reply);
        }
    }
};

/// Receives once with a reply object and stops at `stage` 1 until it is signalled.
struct Holder {
    sys::Endpoint own;
    sys::Reply reply;
    sys::Notification go_on;
    volatile Word stage = 0;
    void operator()() {
        own.receive(reply);
        stage = 1;
        static_cast<void>(go_on.wait());
        stage = 2;
    }
};

struct Caller {
    sys::Endpoint to;
    volatile Word answer = Meeting::nothing;
    void operator()() { answer = to.call(word(7)).mr0; }
};

/// Starts a thread with a context that is taken away as soon as it waits.
template <class Body>
Result<void> start_passive(Thread& thread, sys::Untyped memory, Body& body, sys::Priority priority = above) {
    TRY(thread.start(memory, body, {.priority = priority}));
    return thread.context().unbind();
}

} // namespace test
