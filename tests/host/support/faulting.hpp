// SPDX-License-Identifier: BSD-2-Clause
// A thread, and the thread that gets its faults through a badged endpoint, for tests of faults and timeouts.
#pragma once

#include <support/fake_machine.hpp>

namespace test {

inline constexpr Word handler_badge = 0x77;

struct Faulting : FakeMachine {
    Word endpoint_cap = make(ObjectType::endpoint);
    Word badged = mint(endpoint_cap, Rights::all(), handler_badge);
    Word reply_cap = make(ObjectType::reply);
    Word client_cap = make_thread();
    Word handler_cap = make_thread();
    Tcb& client = thread(client_cap);
    Tcb& handler = thread(handler_cap);

    Faulting() { handle_faults(badged); }

    /// The client's faults go through this capability; 0 = an empty slot: nobody gets them.
    void handle_faults(Word through) {
        REQUIRE(invoke(client_cap, Method::tcb_set_space, {0, 0}, {through, at::cnode, at::vspace}).ok());
    }
    void handle_timeouts(Word through) {
        REQUIRE(invoke(client_cap, Method::tcb_set_timeout_endpoint, {}, {through}).ok());
    }
    void handler_waits() {
        run(handler);
        receive(handler, endpoint_cap, reply_cap);
        REQUIRE(handler.state == ThreadState::receiving);
    }
    /// What the handler, running or not, finds in its registers; or gets by receiving now.
    CallResult fault_message() {
        if (handler.state == ThreadState::stopped) {
            run(handler);
            return receive(handler, endpoint_cap, reply_cap);
        }
        return answer_of(handler);
    }
    /// The running handler answers through its reply object.
    void answer_fault(Word label, const Words& words = {}) {
        REQUIRE(send(handler, reply_cap, label, words).completed);
    }
    bool client_goes_on() const { return client.state == ThreadState::runnable; }
};

} // namespace test
