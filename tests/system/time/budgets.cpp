// SPDX-License-Identifier: BSD-2-Clause
// Budgets as time passes: when they end, when they come back, and that no window ever has more than its budget.
#include <tests/system/time/clock.hpp>

using sys::Priority;
using test::above;
using test::burn;
using test::Burner;
using test::Cap;
using test::now;
using test::own_tcb;
using test::sleep;
using test::Thread;
using test::Word;

namespace {

/// The kernel's own time, interrupts and their latency make a reading differ by less than this.
constexpr Word tolerance_us = 150;

bool is_about(Word actual_us, Word expected_us) {
    return actual_us + tolerance_us >= expected_us && actual_us <= expected_us + tolerance_us;
}

} // namespace

SYSTEM_TEST("a thread above all others gets its budget once a period, to the microsecond, and does not drift") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    Burner burns;
    Thread burner;
    REQUIRE_OK(burner.start(memory, burns, {.priority = above, .budget = {{1000}, {10000}}}));
    sleep(105000);
    REQUIRE(CHECK_EQUAL(burns.count(), 11));
    for (unsigned i = 0; i < 10; ++i) {
        CHECK(is_about(burns.length_us(i), 1000));
        CHECK(is_about(burns.period_us(i), 10000));
    }
    CHECK(is_about(test::microseconds(burns.start(10) - burns.start(0)), 100000));
    CHECK(burns.most_in_window_us(10000) <= 1000 + tolerance_us);
}

SYSTEM_TEST("the root task starts with round robin of 5 ms") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    Burner others;
    Thread other;
    test::Activity own;
    test::yield(); // a slice of its own from its start
    REQUIRE_OK(other.start(memory, others, {.budget = {{2000}, {2000}}}));
    own.work(22000);
    REQUIRE(own.count() >= 4);
    for (unsigned i = 1; i < 4; ++i) {
        CHECK(is_about(own.length_us(i), 5000));
        CHECK(is_about(own.period_us(i), 7000));
    }
}

SYSTEM_TEST("budget used comes back one period after it was used, piece by piece") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
    Burner burns;
    auto body = [&] {
        burns.work(400);
        static_cast<void>(notification->wait());
        burns();
    };
    Thread thread;
    REQUIRE_OK(thread.start(memory, body, {.priority = above, .budget = {{1000}, {10000}, 8}}));
    sleep(2600);
    notification->signal(); // at 3000: 600 are left
    sleep(22000);
    REQUIRE(burns.count() >= 5);
    const auto begins = [&](unsigned i) { return test::microseconds(burns.start(i) - burns.start(0)); };
    CHECK(is_about(begins(1), 3000) && is_about(burns.length_us(1), 600));
    CHECK(is_about(begins(2), 10000) && is_about(burns.length_us(2), 400)); // what was used at 0
    CHECK(is_about(begins(3), 13000) && is_about(burns.length_us(3), 600)); // what was used at 3000
    CHECK(is_about(begins(4), 20000));
}

SYSTEM_TEST("with more pieces than refills they are merged later, never earlier: no window exceeds the budget") {
    for (const Word extra_refills : {Word{0}, Word{2}, Word{8}}) {
        for (const bool sporadic : {false, true}) {
            REQUIRE_VALUE(memory, test::make_untyped(17));
            REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
            test::Activity activity;
            auto works = [&] {
                for (;;) {
                    static_cast<void>(notification->wait());
                    activity.work(130);
                }
            };
            Thread worker;
            REQUIRE_OK(worker.start(memory, works,
                                    {.priority = above, .budget = {{1000}, {10000}, extra_refills, 0, sporadic}}));
            for (unsigned i = 0; i < 60; ++i) {
                notification->signal();
                sleep(i % 7 == 3 ? 2500 : 500);
            }
            CHECK(activity.count() > 15);
            CHECK(activity.most_in_window_us(10000) <= 1000 + tolerance_us);
        }
    }
}

SYSTEM_TEST(
    "refills that are due move to now: in a sporadic context when the thread wakes, else when it is switched to") {
    for (const bool sporadic : {false, true}) {
        REQUIRE_VALUE(memory, test::make_untyped(16));
        REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
        Burner burns;
        auto body = [&] {
            static_cast<void>(notification->wait());
            burns();
        };
        Thread thread;
        REQUIRE_OK(thread.start(memory, body, {.priority = above, .budget = {{1000}, {20000}, 0, 0, sporadic}}));
        REQUIRE_OK(thread.tcb().set_priority(own_tcb(), test::below));
        sleep(3000);
        notification->signal(); // it wakes, and does not run yet
        burn(4000);
        REQUIRE_OK(thread.tcb().set_priority(own_tcb(), above)); // now it does, and uses up everything
        sleep(25000);
        REQUIRE(burns.count() >= 2);
        CHECK(is_about(burns.period_us(0), sporadic ? 16000 : 20000));
    }
}

SYSTEM_TEST("a thread that waits for its refill is not helped by Resume, Suspend, another priority or another Bind") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    Burner burns;
    Thread burner;
    REQUIRE_OK(burner.start(memory, burns, {.priority = above, .budget = {{1000}, {40000}}}));
    const sys::Tcb tcb = burner.tcb();
    REQUIRE_OK(tcb.resume());
    REQUIRE_OK(tcb.suspend());
    REQUIRE_OK(tcb.resume());
    REQUIRE_OK(tcb.set_priority(own_tcb(), Priority{200}));
    REQUIRE_OK(burner.context().unbind());
    REQUIRE_OK(burner.context().bind(tcb));
    sleep(30000);
    CHECK_EQUAL(burns.count(), 1);
    sleep(15000);
    REQUIRE(CHECK_EQUAL(burns.count(), 2));
    CHECK(is_about(burns.period_us(0), 40000));
}

SYSTEM_TEST("an empty context that is bound to another thread is empty for that one, too") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    Burner burns[2];
    Thread first;
    Thread second;
    REQUIRE_OK(first.start(memory, burns[0], {.priority = above, .budget = {{1000}, {20000}}}));
    const Word emptied = now();
    REQUIRE_OK(second.start(memory, burns[1], {.priority = above, .passive = true}));
    REQUIRE_OK(first.context().unbind());
    REQUIRE_OK(first.context().bind(second.tcb()));
    sleep(15000);
    CHECK_EQUAL(burns[1].count(), 0);
    sleep(8000);
    CHECK(is_about(test::microseconds(burns[1].start(0) - emptied), 19000));
}

SYSTEM_TEST("ConfigureFlags counts what was used if the thread is runnable, and gives all at once if it is not") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    constexpr sys::SchedControl::Budget budget{{1000}, {30000}};
    Burner burns;
    Thread burner;
    REQUIRE_OK(burner.start(memory, burns, {.priority = above, .budget = budget}));
    sleep(2000);
    REQUIRE_OK(test::sched_control().configure(burner.context(), budget));
    sleep(20000);
    CHECK_EQUAL(burns.count(), 1); // 1000 of 30000 have been used
    sleep(15000);
    REQUIRE(CHECK_EQUAL(burns.count(), 2));
    CHECK(burns.period_us(0) + tolerance_us >= 30000);
    REQUIRE_OK(burner.tcb().suspend());
    REQUIRE_OK(test::sched_control().configure(burner.context(), budget));
    REQUIRE_OK(burner.tcb().resume());
    REQUIRE(CHECK_EQUAL(burns.count(), 3));
    CHECK(is_about(burns.length_us(2), 1000));
}

SYSTEM_TEST("Yield gives up the rest of the refill, and that is not counted as consumed") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    volatile Word times[4] = {};
    auto yields = [&] {
        for (volatile Word& time : times) {
            time = now();
            burn(200);
            test::yield();
        }
    };
    Thread thread;
    REQUIRE_OK(thread.start(memory, yields, {.priority = above, .budget = {{2000}, {8000}}}));
    sleep(40000);
    CHECK(thread.is_done());
    for (unsigned i = 0; i < 3; ++i)
        CHECK(is_about(test::microseconds(times[i + 1] - times[i]), 8000));
    REQUIRE_VALUE(used, thread.context().consumed());
    CHECK(is_about(used.count, 800));
}

SYSTEM_TEST("a context whose budget is its period is round robin: it never waits for a refill") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    test::Activity activity;
    auto works = [&] { activity.work(20000); };
    Thread thread;
    REQUIRE_OK(thread.start(memory, works, {.priority = above, .budget = {{1000}, {1000}}}));
    CHECK(thread.is_done()); // nobody below it ran
    CHECK_EQUAL(activity.count(), 1);
}

SYSTEM_TEST("many threads with budgets of their own keep their periods beside each other") {
    constexpr unsigned count = 8;
    REQUIRE_VALUE(memory, test::make_untyped(18));
    Burner burns[count];
    Thread threads[count];
    for (unsigned i = 0; i < count; ++i)
        REQUIRE_OK(threads[i].start(
            memory, burns[i],
            {.priority = Priority{static_cast<uint8_t>(above.value + i)}, .budget = {{300}, {5000 + 700 * i}, 8}}));
    sleep(60000);
    for (unsigned i = 0; i < count; ++i) {
        const Word periods = 60000 / (5000 + 700 * i);
        REQUIRE_VALUE(used, threads[i].context().consumed());
        CHECK(used.count <= (periods + 1) * 310);
        CHECK(used.count + 310 >= periods * 300);
        CHECK(burns[i].most_in_window_us(5000 + 700 * i) <= 300 + tolerance_us);
    }
    // The highest is never disturbed.
    for (unsigned i = 0; i + 1 < burns[count - 1].count(); ++i)
        CHECK(is_about(burns[count - 1].period_us(i), 5000 + 700 * (count - 1)));
}

SYSTEM_TEST("a budget that ends in a system call repeats the call when there is budget, and never does it twice") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    constexpr Word calls = 1500;
    volatile Word expected = 0, out_of_order = 0;
    auto serves = [&] {
        sys::Received received = endpoint->receive(reply);
        for (;;) {
            out_of_order = out_of_order + (received.mr0 != expected);
            expected = received.mr0 + 1;
            received = endpoint->reply_receive({abi::MessageInfo(0, 1), received.mr0 + 7}, reply);
        }
    };
    volatile Word wrong_answers = 0;
    auto calls_often = [&] {
        for (Word i = 0; i < calls; ++i)
            wrong_answers = wrong_answers + (endpoint->call({abi::MessageInfo(1, 1), i}).mr0 != i + 7);
    };
    Thread server;
    Thread client;
    REQUIRE_OK(server.start(memory, serves, {.priority = above}));
    REQUIRE_OK(server.context().unbind()); // works on its client's little time
    REQUIRE_OK(client.start(memory, calls_often, {.priority = above, .budget = {{137}, {400}, 4}}));
    REQUIRE(test::wait_until([&] { return client.is_done(); }, 2000));
    CHECK_EQUAL(expected, calls);
    CHECK_EQUAL(out_of_order, 0);
    CHECK_EQUAL(wrong_answers, 0);
}

SYSTEM_TEST("signals sent from ending budgets all arrive, none twice") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{1}));
    volatile Word sent = 0, received = 0;
    auto receives = [&] {
        for (;;) {
            static_cast<void>(notification->wait());
            received = received + 1;
        }
    };
    auto sends = [&] {
        for (unsigned i = 0; i < 1500; ++i) {
            sent = sent + 1;
            badged->signal();
        }
    };
    Thread receiver;
    Thread sender;
    REQUIRE_OK(receiver.start(memory, receives, {.priority = test::far_above}));
    REQUIRE_OK(sender.start(memory, sends, {.priority = above, .budget = {{89}, {300}, 4}}));
    REQUIRE(test::wait_until([&] { return sender.is_done(); }, 2000));
    CHECK_EQUAL(sent, 1500);
    CHECK_EQUAL(received, 1500);
}
