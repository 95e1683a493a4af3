// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts as objects: parameters, binding, and the counters.
#include <tests/system/time/clock.hpp>

using abi::Invocation;
using sys::Priority;
using test::above;
using test::Answer;
using test::AnyCap;
using test::burn;
using test::Cap;
using test::invoke;
using test::own_tcb;
using test::Thread;
using test::Word;

namespace {

/// Longest budget and period: 2^64 / TSC MHz / 8.
Word longest() { return ~Word{0} / test::ticks_per_microsecond() / 8; }

Answer configure(AnyCap context, Word budget, Word period, Word extra_refills = 0, Word flags = 0) {
    return invoke(test::sched_control(), Invocation::sched_control_configure_flags,
                  {budget, period, extra_refills, 0, flags}, {context});
}

sys::Result<Cap<sys::SchedContext>> make_raw(unsigned bits = 8) {
    return sys::make_object<sys::SchedContext>(test::space(), test::arena(), bits);
}

} // namespace

SYSTEM_TEST("ConfigureFlags: budget and period lie between 20 us and 2^64 / TSC MHz / 8") {
    REQUIRE_VALUE(context, make_raw());
    for (const Word large : {longest() + 1, Word{1} << 63, ~Word{0}}) {
        CHECK_ANSWER(configure(context, large, 1000), range_error, 20, longest());
        CHECK_ANSWER(configure(context, 1000, large), range_error, 20, longest());
        CHECK_ANSWER(configure(context, large, large), range_error, 20, longest());
    }
    for (const Word small : {Word{0}, Word{1}, Word{19}}) {
        CHECK_ANSWER(configure(context, small, 1000), range_error, 20, longest());
        CHECK_ANSWER(configure(context, small, small), range_error, 20, longest());
        CHECK_ANSWER(configure(context, 1000, small), range_error, 20, longest()); // before the two are compared
    }
    CHECK_DONE(configure(context, 20, 20));
    CHECK_DONE(configure(context, 20, longest()));
    CHECK_DONE(configure(context, longest(), longest()));
}

SYSTEM_TEST("ConfigureFlags: a budget above the period is out of range 20 to the period") {
    REQUIRE_VALUE(context, make_raw());
    CHECK_ANSWER(configure(context, 1001, 1000), range_error, 20, 1000);
    CHECK_ANSWER(configure(context, longest(), 20), range_error, 20, 20);
    CHECK_DONE(configure(context, 1000, 1000));
}

SYSTEM_TEST("ConfigureFlags: times come before the capability, the capability before the refills") {
    REQUIRE_VALUE(context, make_raw(7));
    CHECK_ANSWER(configure(Word{0}, 0, 1000, 99), range_error, 20, longest());
    CHECK_ANSWER(configure(Word{0}, 2000, 1000, 99), range_error, 20, 1000);
    CHECK_ANSWER(configure(Word{0}, 1000, 1000, 99), invalid_capability, 1);
    CHECK_ANSWER(configure(context, 1000, 1000, 99), range_error, 0, 0);
}

SYSTEM_TEST("ConfigureFlags: a context of 2^7 bytes has no room for extra refills; each 16 bytes more make one") {
    for (const unsigned bits : {7u, 8u, 9u, 10u, 12u}) {
        REQUIRE_VALUE(context, make_raw(bits));
        const Word most = ((Word{1} << bits) - 128) / 16;
        CHECK_DONE(configure(context, 1000, 5000, most));
        for (const Word wrong : {most + 1, Word{1} << 32, ~Word{0}})
            CHECK_ANSWER(configure(context, 1000, 5000, wrong), range_error, 0, most);
    }
}

SYSTEM_TEST("ConfigureFlags: a refusal leaves the parameters as they were") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    test::Burner burns;
    Thread burner;
    REQUIRE_OK(burner.prepare(memory, burns, {.priority = above, .budget = {{1000}, {20000}}}));
    CHECK_ANSWER(configure(burner.context(), 5000, 4000), range_error, 20, 4000);
    CHECK_ANSWER(configure(burner.context(), 5000, 6000, 100), range_error, 0, 8);
    REQUIRE_OK(burner.tcb().resume());
    REQUIRE(test::wait_until([&] { return burns.count() >= 2; }, 100));
    CHECK(burns.length_us(0) > 900 && burns.length_us(0) <= 1000);
}

SYSTEM_TEST("Bind: either side bound already is an illegal operation; one thread and one notification fit") {
    REQUIRE_VALUE(first, make_raw());
    REQUIRE_VALUE(second, make_raw());
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_VALUE(other, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    CHECK_OK(first->bind(tcb)); // not configured, but the thread is not blocked
    CHECK_REFUSED(first->bind(tcb), abi::Error::illegal_operation);
    CHECK_REFUSED(first->bind(other), abi::Error::illegal_operation);
    CHECK_REFUSED(second->bind(tcb), abi::Error::illegal_operation);
    CHECK_OK(first->bind(notification));
    CHECK_REFUSED(first->unbind_object(other), abi::Error::illegal_operation);
    CHECK_OK(first->unbind_object(tcb));
    CHECK_REFUSED(first->unbind_object(tcb), abi::Error::illegal_operation);
    CHECK_OK(second->bind(tcb));
    CHECK_OK(second->unbind());
    CHECK_OK(second->unbind()); // nothing to unbind is no mistake
    CHECK_OK(first->unbind());
    CHECK_OK(second->bind(notification));
}

SYSTEM_TEST("Unbind and UnbindObject: the caller's own context is an illegal operation") {
    const sys::SchedContext own(abi::root_slot::sched_context);
    CHECK_REFUSED(own.unbind(), abi::Error::illegal_operation);
    CHECK_REFUSED(own.unbind_object(own_tcb()), abi::Error::illegal_operation);
}

SYSTEM_TEST("Unbind stops a thread in the middle; bound again it goes on") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    volatile Word turns = 0;
    auto spins = [&] {
        for (;;)
            turns = turns + 1;
    };
    Thread thread;
    REQUIRE_OK(thread.start(memory, spins));
    test::sleep(6000);
    REQUIRE_OK(thread.context().unbind());
    const Word stopped = turns;
    CHECK(stopped > 0);
    test::sleep(6000);
    CHECK_EQUAL(turns, stopped);
    REQUIRE_OK(thread.context().bind(thread.tcb()));
    test::sleep(6000);
    CHECK(turns > stopped);
}

SYSTEM_TEST("Consumed tells the time used since it was asked last, of oneself and of others") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    const sys::SchedContext own(abi::root_slot::sched_context);
    CHECK_OK(own.consumed());
    burn(700);
    REQUIRE_VALUE(mine, own.consumed());
    CHECK(mine.count >= 700 && mine.count < 900);
    auto burns = [] { burn(1500); };
    Thread thread;
    REQUIRE_OK(thread.start(memory, burns, {.priority = above, .budget = {{50000}, {50000}}}));
    REQUIRE_VALUE(theirs, thread.context().consumed());
    CHECK(theirs.count >= 1500 && theirs.count < 1700);
    CHECK_DONE(invoke(thread.context(), Invocation::sched_context_consumed), 0);
    REQUIRE_VALUE(raw, make_raw());
    CHECK_DONE(invoke(raw, Invocation::sched_context_consumed), 0);
}

SYSTEM_TEST("a server's work counts for its caller's context") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    auto serves = [&] {
        endpoint->receive(reply);
        for (;;) {
            burn(2000);
            endpoint->reply_receive({}, reply);
        }
    };
    Thread server;
    REQUIRE_OK(server.start(memory, serves, {.priority = above, .budget = {{50000}, {50000}}}));
    REQUIRE_OK(server.context().unbind());
    const sys::SchedContext own(abi::root_slot::sched_context);
    CHECK_OK(server.context().consumed());
    CHECK_OK(own.consumed());
    endpoint->call({});
    REQUIRE_VALUE(used, own.consumed());
    CHECK(used.count >= 2000 && used.count < 2300);
    CHECK_DONE(invoke(server.context(), Invocation::sched_context_consumed), 0);
}

SYSTEM_TEST("deleting a context stops its thread, whether it runs, is ready, or waits for a refill") {
    enum State { ready, waits_for_refill, states };
    for (unsigned state = 0; state < states; ++state) {
        REQUIRE_VALUE(memory, test::make_untyped(16));
        volatile Word turns = 0;
        auto spins = [&] {
            for (;;)
                turns = turns + 1;
        };
        Thread thread;
        const bool starved = state == waits_for_refill;
        REQUIRE_OK(thread.start(
            memory, spins, {.priority = starved ? above : test::below, .budget = {{500}, {starved ? 20000u : 500u}}}));
        REQUIRE_OK(test::space().at(thread.context().slot()).remove());
        const Word stopped = turns;
        CHECK_EQUAL(stopped > 0, starved);
        test::sleep(25000);
        CHECK_EQUAL(turns, stopped);
        REQUIRE_VALUE(other, test::make_context(memory, {{5000}, {5000}}));
        REQUIRE_OK(thread.tcb().set_priority(own_tcb(), test::base_priority));
        REQUIRE_OK(other->bind(thread.tcb()));
        test::sleep(12000);
        CHECK(turns > stopped);
    }
}

SYSTEM_TEST("a thread may delete its own context in the middle of its time") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    volatile Word stage = 0;
    Thread thread;
    auto deletes = [&] {
        stage = 1;
        static_cast<void>(test::space().at(thread.context().slot()).remove());
        stage = 2;
    };
    REQUIRE_OK(thread.start(memory, deletes, {.priority = above}));
    CHECK_EQUAL(stage, 1);
    REQUIRE_VALUE(other, test::make_context(memory, {{5000}, {5000}}));
    REQUIRE_OK(other->bind(thread.tcb()));
    CHECK_EQUAL(stage, 2);
}
