// SPDX-License-Identifier: BSD-2-Clause
// A client with a context of its own, and servers without, for tests of scheduling contexts that are lent.
#pragma once

#include <support/ipc_pair.hpp>

namespace test {

/// A client with a context of its own, and passive servers behind one another.
struct Passive : FakeMachine {
    struct Server {
        Word tcb, endpoint, reply;
    };
    Word client_cap = make_thread();
    Tcb& client = thread(client_cap);
    SchedContext& its_context = *client.sched_context;

    /// A server without context that waits for callers already.
    Server server(bool with_reply = true) {
        const Server made{make_thread(255, false), make(ObjectType::endpoint), make(ObjectType::reply)};
        const Word start = make_context();
        run(root());
        REQUIRE(invoke(start, Method::sched_context_bind, {}, {made.tcb}).ok());
        run(thread(made.tcb));
        receive(thread(made.tcb), made.endpoint, with_reply ? made.reply : 0,
                with_reply ? Syscall::recv : Syscall::wait);
        run(root());
        REQUIRE(invoke(start, Method::sched_context_unbind).ok());
        return made;
    }
    Tcb& of(const Server& server) { return thread(server.tcb); }
    void call_from(Tcb& caller, const Server& server, Word label = 1, const Words& words = {}) {
        call(caller, server.endpoint, label, words);
        REQUIRE(is_running(of(server)));
    }
    /// The root deletes a capability, whatever runs.
    void destroy(Word cap) {
        run(root());
        REQUIRE(invoke(at::cnode, Method::cnode_delete, {cap, 64}).ok());
    }
    bool on_client_time(const Tcb& thread) { return thread.sched_context == &its_context; }
};

} // namespace test
