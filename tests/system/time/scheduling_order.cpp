// SPDX-License-Identifier: BSD-2-Clause
// Who runs next: each rule of the ABI about heads and tails of the ready queues.
#include <tests/system/time/clock.hpp>

using sys::Badge;
using sys::Priority;
using test::above;
using test::base_priority;
using test::below;
using test::Cap;
using test::Note;
using test::own_tcb;
using test::Record;
using test::Thread;
using test::Word;

namespace {

constexpr sys::SchedControl::Budget long_slice{{50000}, {50000}}; // nobody's slice ends within a case

Record record;

/// The case steps back behind everybody else of its own priority and of those down to `least`.
void let_others_run(Priority least = base_priority) {
    static_cast<void>(own_tcb().set_priority(own_tcb(), Priority{static_cast<uint8_t>(least.value - 1)}));
    static_cast<void>(own_tcb().set_priority(own_tcb(), base_priority));
}

/// Some threads that note themselves, prepared and not started.
struct Crowd {
    Cap<sys::Untyped> memory;
    Note notes[4];
    Thread threads[4];

    sys::Result<void> make(Priority priority, bool passive = false) {
        record.clear();
        memory = TRY(test::make_untyped(17));
        for (Word i = 0; i < 4; ++i) {
            notes[i] = {&record, i};
            TRY(threads[i].prepare(memory, notes[i], {.priority = priority, .passive = passive, .budget = long_slice}));
        }
        return {};
    }
    void resume(unsigned index) { static_cast<void>(threads[index].tcb().resume()); }
};

} // namespace

SYSTEM_TEST("a woken thread of higher priority runs at once") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(above));
    for (unsigned i = 0; i < 4; ++i) {
        crowd.resume(i);
        record.add(100 + i);
    }
    CHECK_RECORD(record, 0, 100, 1, 101, 2, 102, 3, 103);
}

SYSTEM_TEST("woken threads of equal priority go to the tail, those of lower priority to the head of theirs") {
    {
        Crowd equals;
        REQUIRE_OK(equals.make(base_priority));
        for (unsigned i = 0; i < 4; ++i)
            equals.resume(i);
        record.add(100);
        let_others_run();
        CHECK_RECORD(record, 100, 0, 1, 2, 3);
    }
    Crowd lower;
    REQUIRE_OK(lower.make(below));
    for (unsigned i = 0; i < 4; ++i)
        lower.resume(i);
    let_others_run(below);
    CHECK_RECORD(record, 3, 2, 1, 0);
}

SYSTEM_TEST("when one entry wakes several equals the last one comes first") {
    record.clear();
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), endpoint.get(), sys::Rights::all(), Badge{1}));
    struct Sender {
        sys::Endpoint to;
        Word who;
        void operator()() { to.send({abi::MessageInfo(1, 1), who}); }
    } senders[4];
    Thread threads[4];
    for (Word i = 0; i < 4; ++i) {
        senders[i] = {badged, i};
        REQUIRE_OK(threads[i].start(memory, senders[i], {.priority = base_priority, .budget = long_slice}));
        let_others_run(); // it queues
    }
    REQUIRE_OK(badged.ref().cancel_badged_sends()); // all four are runnable
    let_others_run();                               // and send again, in the order in which they run
    for (unsigned i = 0; i < 4; ++i)
        record.add(endpoint->wait().mr0);
    CHECK_RECORD(record, 3, 2, 1, 0);
}

SYSTEM_TEST("if the running thread blocks, the one that it woke runs next, before its equals") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(below));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), crowd.memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), crowd.memory));
    auto serves = [&] {
        endpoint->receive(reply);
        record.add(100);
        reply->send({});
    };
    Thread server;
    REQUIRE_OK(server.start(crowd.memory, serves, {.priority = below, .budget = long_slice}));
    let_others_run(below); // it waits
    for (unsigned i = 0; i < 4; ++i)
        crowd.resume(i);
    endpoint->call({}); // the server is lower than the case, and equal to the four that are ready
    record.add(101);
    let_others_run(below);
    CHECK_RECORD(record, 100, 101, 3, 2, 1, 0);
}

SYSTEM_TEST("a preempted thread goes to the head: it continues before its equals") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(below));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), crowd.memory));
    auto wakes_the_case = [&] {
        record.add(100);
        notification->signal(); // the case is higher and runs at once
        record.add(101);
    };
    Thread waker;
    REQUIRE_OK(waker.prepare(crowd.memory, wakes_the_case, {.priority = below, .budget = long_slice}));
    crowd.resume(0);
    REQUIRE_OK(waker.tcb().resume()); // before 0: a lower one goes to the head
    static_cast<void>(notification->wait());
    record.add(200);
    let_others_run(below);
    CHECK_RECORD(record, 100, 200, 101, 0);
}

SYSTEM_TEST("Yield goes to the tail") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(base_priority));
    auto yields = [] {
        record.add(100);
        test::yield();
        record.add(101);
    };
    Thread yielder;
    REQUIRE_OK(yielder.prepare(crowd.memory, yields, {.priority = base_priority, .budget = long_slice}));
    REQUIRE_OK(yielder.tcb().resume());
    crowd.resume(0);
    crowd.resume(1);
    let_others_run();
    CHECK_RECORD(record, 100, 0, 1, 101);
}

SYSTEM_TEST("the end of a round-robin slice goes to the tail") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(base_priority));
    auto burns = [] {
        record.add(100);
        test::burn(3000); // more than one slice
        record.add(101);
    };
    Thread burner;
    REQUIRE_OK(burner.prepare(crowd.memory, burns, {.priority = base_priority, .budget = {{2000}, {2000}}}));
    REQUIRE_OK(burner.tcb().resume());
    crowd.resume(0);
    crowd.resume(1);
    let_others_run();
    CHECK_RECORD(record, 100, 0, 1, 101);
}

SYSTEM_TEST("Bind goes to the head of the ready queue") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(below, true)); // runnable, without contexts
    Cap<sys::SchedContext> contexts[4];
    for (unsigned i = 0; i < 4; ++i) {
        REQUIRE_VALUE(context, test::make_context(crowd.memory, long_slice));
        contexts[i] = std::move(context);
        crowd.resume(i);
    }
    for (const unsigned i : {2u, 0u, 3u, 1u})
        REQUIRE_OK(contexts[i]->bind(crowd.threads[i].tcb()));
    let_others_run(below);
    CHECK_RECORD(record, 1, 3, 0, 2);
}

SYSTEM_TEST("a changed priority goes to the head, upwards, downwards and unchanged") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(below));
    for (unsigned i = 0; i < 4; ++i)
        crowd.resume(i); // 3 2 1 0
    REQUIRE_OK(crowd.threads[0].tcb().set_priority(own_tcb(), below)); // 0 3 2 1
    const Priority lower{static_cast<uint8_t>(below.value - 1)};
    for (const unsigned i : {3u, 2u})
        REQUIRE_OK(crowd.threads[i].tcb().set_priority(own_tcb(), lower)); // 0 1 | 2 3
    let_others_run(lower);
    CHECK_RECORD(record, 0, 1, 2, 3);
}

SYSTEM_TEST("a thread raised above the running one runs at once; the running one goes on before its equals") {
    Crowd crowd;
    REQUIRE_OK(crowd.make(base_priority));
    crowd.resume(0);
    crowd.resume(1);
    REQUIRE_OK(crowd.threads[1].tcb().set_priority(own_tcb(), above));
    record.add(100);
    let_others_run();
    CHECK_RECORD(record, 1, 100, 0);
}

SYSTEM_TEST("a signal to a bound thread, an answer and a fault's answer wake by the same rules") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(faults, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    REQUIRE_VALUE(fault_reply, sys::make_object<sys::Reply>(test::space(), memory));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
    record.clear();
    auto receives = [&] {
        endpoint->wait();
        record.add(1);
    };
    auto calls = [&] {
        faults->call({});
        record.add(2);
    };
    Thread bound;
    Thread caller;
    REQUIRE_OK(bound.start(memory, receives, {.priority = above, .budget = long_slice}));
    REQUIRE_OK(bound.tcb().bind_notification(notification));
    REQUIRE_OK(caller.start(memory, calls, {.priority = base_priority, .budget = long_slice}));
    let_others_run();
    static_cast<void>(faults->receive(fault_reply));
    Note note{&record, 3};
    Thread other;
    REQUIRE_OK(other.start(memory, note, {.priority = base_priority, .budget = long_slice}));
    fault_reply->send({}); // the caller is equal: behind 3
    notification->signal(); // above: at once
    record.add(100);
    let_others_run();
    CHECK_RECORD(record, 1, 100, 3, 2);
}
