// SPDX-License-Identifier: BSD-2-Clause
// Timeout faults: whose, to whom, with which words, and what the answer does.
#include <tests/system/time/clock.hpp>

using abi::MessageInfo;
using abi::UserRegister;
using sys::Badge;
using sys::Received;
using test::above;
using test::burn;
using test::Burner;
using test::Cap;
using test::Fault;
using test::now;
using test::own_tcb;
using test::sleep;
using test::Subject;
using test::Thread;
using test::Victim;
using test::Word;

namespace {

constexpr Word context_badge = 0xb0d9e7;

/// A thread that burns a budget of 1000 us in 20 ms, with a timeout handler of its own.
struct Scene {
    Cap<sys::Untyped> memory;
    Cap<sys::Endpoint> timeouts;
    Cap<sys::Endpoint> handler; ///< the badged copy that the thread has
    Cap<sys::Reply> reply;
    Burner burns;
    Thread burner;

    sys::Result<void> prepare(const sys::SchedControl::Budget& budget = {{1000}, {20000}, 0, context_badge}) {
        memory = TRY(test::make_untyped(17));
        timeouts = TRY(sys::make_object<sys::Endpoint>(test::space(), memory));
        handler = TRY(sys::mint_cap(test::space(), timeouts.get(), sys::Rights::all(), Badge{0x77}));
        reply = TRY(sys::make_object<sys::Reply>(test::space(), memory));
        TRY(burner.prepare(memory, burns, {.priority = above, .budget = budget}));
        return burner.tcb().set_timeout_endpoint(handler);
    }
    sys::Result<void> start(const sys::SchedControl::Budget& budget = {{1000}, {20000}, 0, context_badge}) {
        TRY(prepare(budget));
        return burner.tcb().resume();
    }
    /// A fault that waits already.
    std::optional<Fault> timeout() {
        const auto received = test::receive_within(timeouts, reply, 0);
        return received ? std::optional(test::to_fault(*received)) : std::nullopt;
    }
};

bool is_timeout(const std::optional<Fault>& fault) {
    return fault && fault->kind == abi::Fault::timeout && fault->length == 2 && fault->badge.value == 0x77 &&
           fault->words[0] == context_badge;
}

} // namespace

SYSTEM_TEST("Timeout: the message has the context's badge and the time consumed, which is reset") {
    Scene scene;
    REQUIRE_OK(scene.start());
    const auto fault = scene.timeout();
    REQUIRE(is_timeout(fault));
    CHECK(fault->words[1] >= 980 && fault->words[1] <= 1020);
    CHECK_DONE(test::invoke(scene.burner.context(), abi::Invocation::sched_context_consumed), 0);
    CHECK(!scene.timeout().has_value());
}

SYSTEM_TEST("Timeout: without handler, or with a null one, the thread waits for its refill") {
    Scene scene;
    REQUIRE_OK(scene.prepare());
    REQUIRE_OK(scene.burner.tcb().set_timeout_endpoint({}));
    REQUIRE_OK(scene.burner.tcb().resume());
    CHECK(!scene.timeout().has_value());
    sleep(21000);
    CHECK_EQUAL(scene.burns.count(), 2);
}

SYSTEM_TEST("Timeout: a round-robin context never sends one") {
    Scene scene;
    REQUIRE_OK(scene.prepare({{1000}, {1000}, 0, context_badge}));
    REQUIRE_OK(scene.burner.tcb().set_priority(own_tcb(), test::base_priority));
    REQUIRE_OK(scene.burner.tcb().resume());
    sleep(20000); // takes turns with it
    REQUIRE_VALUE(used, scene.burner.context().consumed());
    CHECK(used.count > 5000);
    CHECK(!scene.timeout().has_value());
}

SYSTEM_TEST("Timeout: answered without more budget, the thread goes on with its next refill") {
    Scene scene;
    REQUIRE_OK(scene.start());
    REQUIRE(is_timeout(scene.timeout()));
    scene.reply->send({});
    CHECK_EQUAL(scene.burns.count(), 1);
    CHECK(!scene.timeout().has_value()); // not the same once more
    sleep(18000);
    CHECK_EQUAL(scene.burns.count(), 1);
    sleep(4000);
    CHECK_EQUAL(scene.burns.count(), 2);
    CHECK(is_timeout(scene.timeout())); // the second budget is used up, too
}

SYSTEM_TEST("Timeout: a handler that gives budget before it answers lets the thread go on at once") {
    Scene scene;
    REQUIRE_OK(scene.start());
    for (unsigned round = 0; round < 5; ++round) {
        REQUIRE(is_timeout(scene.timeout()));
        REQUIRE_OK(test::sched_control().configure(scene.burner.context(), {{500}, {20000}, 0, context_badge}));
        scene.reply->send({});
    }
    const auto fault = scene.timeout();
    REQUIRE(is_timeout(fault));
    CHECK(fault->words[1] >= 480 && fault->words[1] <= 520);
}

SYSTEM_TEST("Timeout: while it is not answered the thread does not run, whatever its context gets") {
    Scene scene;
    REQUIRE_OK(scene.start());
    sleep(45000);
    CHECK_EQUAL(scene.burns.count(), 1);
    REQUIRE(is_timeout(scene.timeout()));
    sleep(45000);
    CHECK_EQUAL(scene.burns.count(), 1);
    scene.reply->send({}); // by now there is budget
    CHECK_EQUAL(scene.burns.count(), 2);
}

SYSTEM_TEST("Timeout: an answer of n words writes the first n of 19 registers") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_VALUE(timeouts, sys::make_object<sys::Endpoint>(test::space(), subject.memory));
    REQUIRE_OK(subject.victim.tcb().set_timeout_endpoint(timeouts));
    constexpr UserRegister order[] = {UserRegister::rip, UserRegister::rsp, UserRegister::rflags, UserRegister::rax,
                                      UserRegister::rbx, UserRegister::rcx, UserRegister::rdx,    UserRegister::rsi,
                                      UserRegister::rdi, UserRegister::rbp, UserRegister::r8,     UserRegister::r9,
                                      UserRegister::r10, UserRegister::r11, UserRegister::r12,    UserRegister::r13,
                                      UserRegister::r14, UserRegister::r15, UserRegister::fs_base};
    for (unsigned length = 0; length <= 20; ++length) {
        REQUIRE_OK(test::sched_control().configure(subject.victim.context(), {{200}, {50000}}));
        sys::UserRegisters before;
        for (unsigned i = 3; i < 20; ++i)
            before.words[i] = 0x100 + i;
        before[UserRegister::rip] = 0;
        REQUIRE_OK(subject.victim.start(snippet_spin, before));
        const auto received = test::receive_within(timeouts, subject.victim.reply_object(), 0);
        REQUIRE(received.has_value() && received->label() == static_cast<Word>(abi::Fault::timeout));
        const sys::UserRegisters stopped = subject.victim.registers();
        Word answer[20];
        for (unsigned i = 0; i < 20; ++i)
            answer[i] = 0x7000 + 0x10 * i;
        answer[0] = Victim::address_of(snippet_done);
        answer[2] = 0xfff;
        for (unsigned i = 4; i < 20; ++i)
            sys::raw::ipc_buffer()->message[i] = answer[i];
        // Stopped, so that what was written can be read.
        subject.victim.reply_object().send({MessageInfo(1, length), answer[0], answer[1], answer[2], answer[3]});
        const sys::UserRegisters after = subject.victim.registers();
        for (unsigned i = 0; i < 19; ++i) {
            const Word written = order[i] == UserRegister::rflags ? 0xed7 : answer[i];
            CHECK_EQUAL(after[order[i]], i < length ? written : stopped[order[i]]);
        }
        CHECK_EQUAL(after[UserRegister::gs_base], stopped[UserRegister::gs_base]);
    }
}

SYSTEM_TEST("Timeout: after an answer the registers are in user mode, RCX and R11 as well") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_VALUE(timeouts, sys::make_object<sys::Endpoint>(test::space(), subject.memory));
    REQUIRE_OK(subject.victim.tcb().set_timeout_endpoint(timeouts));
    REQUIRE_OK(test::sched_control().configure(subject.victim.context(), {{200}, {50000}}));
    REQUIRE_OK(subject.victim.start(snippet_spin));
    REQUIRE(test::receive_within(timeouts, subject.victim.reply_object(), 0).has_value());
    REQUIRE_OK(test::sched_control().configure(subject.victim.context(), {{5000}, {50000}}));
    for (unsigned i = 4; i < 19; ++i)
        sys::raw::ipc_buffer()->message[i] = 0x500 + i;
    subject.victim.reply_object().send({MessageInfo(0, 19), Victim::address_of(snippet_done), 0x1230, 0x202, 0x503});
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    const sys::UserRegisters found = subject.victim.registers();
    CHECK_EQUAL(found[UserRegister::rsp], 0x1230);
    CHECK_EQUAL(found[UserRegister::rax], 0x503);
    CHECK_EQUAL(found[UserRegister::rcx], 0x505);
    CHECK_EQUAL(found[UserRegister::r11], 0x50d);
    CHECK_EQUAL(found[UserRegister::r15], 0x511);
    CHECK_EQUAL(found[UserRegister::fs_base], 0x512);
}

SYSTEM_TEST("Timeout: gives no context: a passive handler has the message and waits for one") {
    Scene scene;
    REQUIRE_OK(scene.prepare());
    volatile Word got = 0;
    auto handles = [&] { got = scene.timeouts->receive(scene.reply).mr0; };
    Thread handler;
    REQUIRE_OK(handler.start(scene.memory, handles, {.priority = test::far_above}));
    REQUIRE_OK(handler.context().unbind());
    REQUIRE_OK(scene.burner.tcb().resume());
    CHECK_EQUAL(got, 0);
    CHECK_OK(scene.burner.context().unbind_object(scene.burner.tcb())); // the context is the faulted thread's still
    REQUIRE_OK(handler.context().bind(handler.tcb()));
    CHECK_EQUAL(got, context_badge);
}

SYSTEM_TEST("Timeout: a handler that gave its context away finds a queued one, and gets no context with it") {
    Scene scene;
    REQUIRE_OK(scene.prepare());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), scene.memory));
    REQUIRE_VALUE(client_reply, sys::make_object<sys::Reply>(test::space(), scene.memory));
    volatile Word badge = 0;
    auto handles = [&] {
        endpoint->receive(client_reply); // on its client's context, which goes back with the answer:
        badge = scene.timeouts->send_receive(client_reply, {}, scene.reply).mr0;
    };
    Thread handler;
    REQUIRE_OK(handler.start(scene.memory, handles, {.priority = test::far_above}));
    REQUIRE_OK(handler.context().unbind());
    REQUIRE_OK(scene.burner.tcb().resume()); // its timeout queues
    endpoint->call({});
    CHECK_EQUAL(badge, 0); // the handler has the message, and nobody's time
    CHECK(!scene.timeout().has_value());
    CHECK_OK(scene.burner.context().unbind_object(scene.burner.tcb()));
    REQUIRE_OK(handler.context().bind(handler.tcb()));
    CHECK_EQUAL(badge, context_badge);
}

SYSTEM_TEST("Timeout: a passive server that uses up its caller's time faults itself, with that context's badge") {
    Scene scene;
    REQUIRE_OK(scene.prepare());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), scene.memory));
    REQUIRE_VALUE(server_reply, sys::make_object<sys::Reply>(test::space(), scene.memory));
    volatile Word served = 0, answered = 0;
    auto serves = [&] {
        endpoint->receive(server_reply);
        for (;;) {
            burn(3000);
            served = served + 1;
            endpoint->reply_receive({}, server_reply);
        }
    };
    auto calls = [&] {
        endpoint->call({});
        answered = answered + 1;
    };
    Thread server;
    Thread client;
    REQUIRE_OK(server.start(scene.memory, serves, {.priority = above}));
    REQUIRE_OK(server.tcb().set_timeout_endpoint(scene.handler));
    REQUIRE_OK(server.context().unbind());
    REQUIRE_OK(client.start(scene.memory, calls, {.priority = above, .budget = {{1000}, {20000}, 0, context_badge}}));
    REQUIRE(is_timeout(scene.timeout()));
    // The server is what stopped: given time it finishes, and the answer takes the context back.
    REQUIRE_OK(test::sched_control().configure(client.context(), {{5000}, {20000}, 0, context_badge}));
    scene.reply->send({});
    CHECK_EQUAL(served, 1);
    CHECK_EQUAL(answered, 1);
    CHECK_REFUSED(client.context().unbind_object(server.tcb()), abi::Error::illegal_operation);
}

SYSTEM_TEST("Timeout: a caller that is answered with its context empty raises its own, if it has a handler") {
    for (const bool has_handler : {true, false}) {
        Scene scene;
        REQUIRE_OK(scene.prepare());
        REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), scene.memory));
        REQUIRE_VALUE(server_reply, sys::make_object<sys::Reply>(test::space(), scene.memory));
        volatile Word answered = 0;
        auto serves = [&] {
            endpoint->receive(server_reply);
            burn(100000); // without a timeout handler it just stops being run
        };
        auto calls = [&] {
            endpoint->call({});
            answered = now();
        };
        Thread server;
        Thread client;
        REQUIRE_OK(server.start(scene.memory, serves, {.priority = above}));
        REQUIRE_OK(server.context().unbind());
        REQUIRE_OK(
            client.prepare(scene.memory, calls, {.priority = above, .budget = {{1000}, {20000}, 0, context_badge}}));
        if (has_handler)
            REQUIRE_OK(client.tcb().set_timeout_endpoint(scene.handler));
        const Word start = now();
        REQUIRE_OK(client.tcb().resume());
        server_reply->send({}); // on the server's behalf; the context comes back empty
        CHECK_EQUAL(answered, 0);
        CHECK_EQUAL(is_timeout(scene.timeout()), has_handler);
        if (has_handler) {
            REQUIRE_OK(test::sched_control().configure(client.context(), {{1000}, {20000}, 0, context_badge}));
            scene.reply->send({});
            CHECK(answered != 0);
        } else {
            sleep(21000);
            CHECK(answered - start >= test::ticks(19000));
        }
    }
}

SYSTEM_TEST("Timeout: Suspend and Resume of the faulted thread forget it; the budget is empty all the same") {
    Scene scene;
    REQUIRE_OK(scene.start());
    REQUIRE_OK(scene.burner.tcb().suspend());
    CHECK(!scene.timeout().has_value());
    REQUIRE_OK(scene.burner.tcb().resume());
    sleep(15000);
    CHECK_EQUAL(scene.burns.count(), 1);
    sleep(7000);
    CHECK_EQUAL(scene.burns.count(), 2);
}

SYSTEM_TEST("SetTimeoutEndpoint: its handler is checked as argument 1, and is kept as a capability") {
    Scene scene;
    REQUIRE_OK(scene.prepare());
    REQUIRE_VALUE(mute, sys::copy_cap(test::space(), scene.timeouts.get(), sys::Rights(14)));
    CHECK_ANSWER(test::invoke(scene.burner.tcb(), abi::Invocation::tcb_set_timeout_endpoint, {}, {mute}),
                 invalid_capability, 1);
    {
        REQUIRE_VALUE(copy, sys::copy_cap(test::space(), scene.handler.get()));
        CHECK_DONE(test::invoke(scene.burner.tcb(), abi::Invocation::tcb_set_timeout_endpoint, {}, {copy}));
    }
    REQUIRE_OK(scene.burner.tcb().resume());
    CHECK(is_timeout(scene.timeout()));
}
