// SPDX-License-Identifier: BSD-2-Clause
// SchedContext.YieldTo: whom it lets run, when it comes back, and with which number.
#include <tests/system/time/clock.hpp>

using abi::Invocation;
using sys::Priority;
using test::above;
using test::Answer;
using test::base_priority;
using test::below;
using test::burn;
using test::Cap;
using test::invoke;
using test::Note;
using test::own_tcb;
using test::Record;
using test::Thread;
using test::Word;

namespace {

constexpr sys::SchedControl::Budget long_slice{{50000}, {50000}};
Record record;

Answer yield_to(sys::SchedContext context) { return invoke(context, Invocation::sched_context_yield_to); }

/// Notes itself, burns 500 us, notes itself again.
struct Worker {
    void operator()() {
        record.add(1);
        burn(500);
        record.add(2);
    }
};

} // namespace

SYSTEM_TEST("YieldTo: no thread, oneself, or a thread above the caller's MCP is an illegal operation") {
    record.clear();
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(context, test::make_context(memory, long_slice));
    CHECK_ANSWER(yield_to(context), illegal_operation);
    CHECK_ANSWER(yield_to(sys::SchedContext(abi::root_slot::sched_context)), illegal_operation);
    Worker work;
    Thread worker;
    REQUIRE_OK(worker.prepare(memory, work, {.priority = Priority{50}, .budget = long_slice}));
    volatile Word labels[2] = {};
    auto yields = [&] {
        labels[0] = yield_to(worker.context()).label;
        static_cast<void>(worker.tcb().set_priority(own_tcb(), Priority{40}));
        labels[1] = yield_to(worker.context()).label;
    };
    Thread caller;
    REQUIRE_OK(caller.prepare(memory, yields, {.priority = above, .budget = long_slice}));
    REQUIRE_OK(caller.tcb().set_max_controlled_priority(own_tcb(), Priority{49}));
    REQUIRE_OK(caller.tcb().resume());
    CHECK_EQUAL(labels[0], static_cast<Word>(abi::Error::illegal_operation));
    CHECK_EQUAL(labels[1], 0);
}

SYSTEM_TEST("YieldTo: a thread that is not runnable, or has no budget left, comes back at once") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    Worker work;
    Thread worker;
    REQUIRE_OK(worker.prepare(memory, work, {.priority = base_priority, .budget = long_slice}));
    CHECK_DONE(yield_to(worker.context()), 0); // not resumed
    test::Burner burns;
    Thread burner;
    REQUIRE_OK(burner.start(memory, burns, {.priority = above, .budget = {{1000}, {50000}}})); // uses it up
    const Answer answer = yield_to(burner.context());
    CHECK(answer.is_done() && answer.words[0] > 900 && answer.words[0] < 1200);
    CHECK_DONE(yield_to(burner.context()), 0); // the number is reset
}

SYSTEM_TEST("YieldTo: an equal thread runs before the caller, who then hears how long") {
    record.clear();
    REQUIRE_VALUE(memory, test::make_untyped(17));
    Worker work;
    Note note{&record, 9};
    Thread other;
    Thread worker;
    REQUIRE_OK(other.start(memory, note, {.priority = base_priority, .budget = long_slice}));
    REQUIRE_OK(worker.start(memory, work, {.priority = base_priority, .budget = long_slice})); // behind the other
    const Answer answer = yield_to(worker.context());
    record.add(100);
    CHECK_RECORD(record, 1, 2, 100); // the caller comes before the other: it is at the head
    CHECK(answer.is_done());
    CHECK_EQUAL(answer.length, 1);
    CHECK_EQUAL(answer.badge, 0);
    CHECK(answer.words[0] >= 500 && answer.words[0] < 700);
}

SYSTEM_TEST("YieldTo: a lower thread goes to the head of its queue, and the call returns") {
    record.clear();
    REQUIRE_VALUE(memory, test::make_untyped(17));
    Note notes[3] = {{&record, 0}, {&record, 1}, {&record, 2}};
    Thread threads[3];
    for (unsigned i = 0; i < 3; ++i)
        REQUIRE_OK(threads[i].start(memory, notes[i], {.priority = below, .budget = long_slice})); // 2 1 0
    CHECK_DONE(yield_to(threads[1].context()), 0);
    record.add(100);
    REQUIRE_OK(own_tcb().set_priority(own_tcb(), Priority{50}));
    REQUIRE_OK(own_tcb().set_priority(own_tcb(), base_priority));
    CHECK_RECORD(record, 100, 1, 2, 0);
}

namespace {

/// A caller that yields to a worker of its own priority; after 300 us of work a third thread, above both, steps in.
struct Interrupted {
    Cap<sys::Untyped> memory;
    Cap<sys::Notification> notification;
    Thread worker, caller, third;
    volatile Word label = ~Word{0}, consumed = 0;

    /// Answers when all of them have run as far as they can.
    template <class Action>
    sys::Result<void> run(Action action) {
        memory = TRY(test::make_untyped(17));
        notification = TRY(sys::make_object<sys::Notification>(test::space(), memory));
        auto works = [&] {
            burn(300);
            notification->signal();
            record.add(1);
        };
        auto yields = [&] {
            const Answer answer = yield_to(worker.context());
            consumed = answer.words[0];
            label = answer.label;
        };
        auto steps_in = [&] {
            static_cast<void>(notification->wait());
            action();
        };
        record.clear();
        TRY(third.start(memory, steps_in, {.priority = test::far_above, .budget = long_slice}));
        TRY(own_tcb().set_priority(own_tcb(), Priority{200}));
        TRY(worker.start(memory, works, {.priority = above, .budget = long_slice}));
        TRY(caller.start(memory, yields, {.priority = above, .budget = long_slice})); // runs first: at the head
        return own_tcb().set_priority(own_tcb(), base_priority);
    }
    bool was_answered() const { return label == 0 && consumed >= 300 && consumed < 500; }
};

} // namespace

SYSTEM_TEST("YieldTo: preempted by others in between, it still answers with all the time that was used") {
    Interrupted scene;
    REQUIRE_OK(scene.run([] { burn(2000); }));
    CHECK_EQUAL(record.length(), 1); // the worker ended
    CHECK(scene.was_answered());
}

SYSTEM_TEST("YieldTo: Unbind of the context ends it with an answer") {
    Interrupted scene;
    REQUIRE_OK(scene.run([&] { static_cast<void>(scene.worker.context().unbind()); }));
    CHECK_EQUAL(record.length(), 0);
    CHECK(scene.was_answered());
}

SYSTEM_TEST("YieldTo: UnbindObject of the thread ends it with an answer") {
    Interrupted scene;
    REQUIRE_OK(scene.run([&] { static_cast<void>(scene.worker.context().unbind_object(scene.worker.tcb())); }));
    CHECK_EQUAL(record.length(), 0);
    CHECK(scene.was_answered());
}

SYSTEM_TEST("YieldTo: deleting the context ends it with an answer") {
    Interrupted scene;
    REQUIRE_OK(scene.run([&] { static_cast<void>(test::space().at(scene.worker.context().slot()).remove()); }));
    CHECK_EQUAL(record.length(), 0);
    CHECK(scene.was_answered());
}

SYSTEM_TEST("YieldTo: deleting the thread ends it with an answer") {
    Interrupted scene;
    REQUIRE_OK(scene.run([&] { static_cast<void>(test::space().at(scene.worker.tcb().slot()).remove()); }));
    CHECK_EQUAL(record.length(), 0);
    CHECK(scene.was_answered());
}

SYSTEM_TEST("YieldTo: a second yield to the same context ends the first") {
    Interrupted scene;
    REQUIRE_OK(scene.run([&] {
        // The third is above the worker: it just puts it at its head, and the first caller has its answer.
        static_cast<void>(scene.worker.context().yield_to());
    }));
    CHECK_EQUAL(record.length(), 1);
    CHECK_EQUAL(scene.label, 0);
}

SYSTEM_TEST("YieldTo: a caller suspended in it yields again when it is resumed") {
    Interrupted scene;
    REQUIRE_OK(scene.run([&] { static_cast<void>(scene.caller.tcb().suspend()); }));
    CHECK_EQUAL(record.length(), 1);
    CHECK_EQUAL(scene.label, ~Word{0});
    REQUIRE_OK(scene.caller.tcb().resume()); // the worker has ended: comes back at once
    CHECK_EQUAL(scene.label, 0);
}

SYSTEM_TEST("YieldTo: a caller suspended in it gets no answer when the context goes: its registers are its call's") {
    Interrupted scene;
    sys::UserRegisters suspended;
    REQUIRE_OK(scene.run([&] {
        static_cast<void>(scene.caller.tcb().suspend());
        suspended = scene.caller.tcb().read_registers(false).take();
        static_cast<void>(scene.worker.context().unbind());
    }));
    REQUIRE_VALUE(now, scene.caller.tcb().read_registers(false));
    for (unsigned i = 0; i < abi::user_register_count; ++i)
        CHECK_EQUAL(now.words[i], suspended.words[i]);
    CHECK_EQUAL(*reinterpret_cast<const uint16_t*>(now[abi::UserRegister::rip]), 0x050f); // the SYSCALL itself
    REQUIRE_OK(scene.caller.tcb().resume());
    CHECK_EQUAL(scene.label, static_cast<Word>(abi::Error::illegal_operation)); // the context has no thread now
}

SYSTEM_TEST("YieldTo: a caller deleted in it leaves the worker running") {
    Interrupted scene;
    REQUIRE_OK(scene.run([&] { static_cast<void>(test::space().at(scene.caller.tcb().slot()).remove()); }));
    CHECK_EQUAL(record.length(), 1);
    CHECK_EQUAL(scene.label, ~Word{0});
}
