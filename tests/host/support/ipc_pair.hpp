// SPDX-License-Identifier: BSD-2-Clause
// A client, a server, and the endpoint between them, for tests of IPC.
#pragma once

#include <support/fake_machine.hpp>

namespace test {

/// Two threads of equal priority, an endpoint, a reply object.
struct Pair : FakeMachine {
    Word endpoint_cap = make(ObjectType::endpoint);
    Word reply_cap = make(ObjectType::reply);
    Word client_cap = make_thread();
    Word server_cap = make_thread();
    Tcb& client = thread(client_cap);
    Tcb& server = thread(server_cap);

    void server_waits() {
        run(server);
        receive(server, endpoint_cap, reply_cap);
        REQUIRE(server.state == ThreadState::receiving);
    }
};

inline Words counting(unsigned count, Word from = 100) {
    Words words;
    for (unsigned i = 0; i < count; i++)
        words.push_back(from + i);
    return words;
}

} // namespace test
