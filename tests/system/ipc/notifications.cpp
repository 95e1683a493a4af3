// SPDX-License-Identifier: BSD-2-Clause
// Notifications: who hears a signal, when, and on whose time.
#include <tests/system/ipc/meeting.hpp>

using abi::MessageInfo;
using abi::Syscall;
using sys::Badge;
using sys::Received;
using test::above;
using test::Cap;
using test::far_above;
using test::Meeting;
using test::Thread;
using test::word;
using test::Word;

namespace {

sys::Result<Cap<sys::Notification>> badged(const Meeting& here, Word badge) {
    return sys::mint_cap(test::space(), here.notification.get(), sys::Rights::all(), Badge{badge});
}

/// A thread that waits on the notification again and again and notes what it got.
struct Waiter {
    sys::Notification on;
    volatile Word got = 0;
    volatile Word times = 0;
    void operator()() {
        for (;;) {
            got = on.wait().value;
            times = times + 1;
        }
    }
};

} // namespace

SYSTEM_TEST("signals of different badges are OR-ed; one look takes all of them") {
    Meeting here;
    REQUIRE_OK(here.make());
    Word expected = 0;
    for (unsigned bit = 0; bit < 64; bit += 9) {
        REQUIRE_VALUE(signal, badged(here, Word{1} << bit));
        signal->signal();
        expected |= Word{1} << bit;
    }
    CHECK_EQUAL(here.notification->wait().value, expected);
    CHECK_EQUAL(here.notification->poll().value, 0);
}

SYSTEM_TEST("a signal wakes the first waiter only, with this badge only") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(one, badged(here, 1));
    REQUIRE_VALUE(two, badged(here, 2));
    Waiter waits[2] = {{here.notification}, {here.notification}};
    Thread threads[2];
    REQUIRE_OK(threads[0].start(here.memory, waits[0], {.priority = above}));
    REQUIRE_OK(threads[1].start(here.memory, waits[1], {.priority = above}));
    one->signal();
    CHECK(waits[0].got == 1 && waits[0].times == 1 && waits[1].times == 0);
    two->signal(); // the first one has queued again, behind
    CHECK(waits[1].got == 2 && waits[1].times == 1 && waits[0].times == 1);
    CHECK_EQUAL(here.notification->poll().value, 0);
}

SYSTEM_TEST("an unbadged signal wakes a waiter with 0, and is remembered as one") {
    Meeting here;
    REQUIRE_OK(here.make());
    Waiter waits{here.notification};
    here.notification->signal();
    Thread thread;
    REQUIRE_OK(thread.start(here.memory, waits, {.priority = above}));
    CHECK_EQUAL(waits.times, 1); // without waiting
    here.notification->signal();
    CHECK_EQUAL(waits.times, 2);
    CHECK_EQUAL(waits.got, 0);
}

SYSTEM_TEST("Send, NBSend, Call and first halves signal alike; a Call is answered with success and no word") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 4));
    for (const Syscall number : {Syscall::send, Syscall::nb_send, Syscall::call}) {
        const auto call = test::RawCall::make(number, signal, MessageInfo(9, 3, 1).raw(), 5);
        CHECK_EQUAL(here.notification->poll().value, 4);
        if (number == Syscall::call) {
            CHECK_EQUAL(call.registers.info, 0);
            CHECK_EQUAL(call.registers.mr0, 5);
        }
    }
    sys::raw::Registers registers{here.notification->slot()};
    sys::raw::enter(Syscall::nb_send_wait, registers, signal->slot());
    CHECK_EQUAL(registers.target, 4);
}

SYSTEM_TEST("a bound thread that waits on an endpoint is woken by a message with only a badge") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 0x30));
    for (const bool with_reply : {true, false}) {
        REQUIRE_VALUE(memory, test::make_untyped(14));
        Received received;
        auto receives = [&] { received = with_reply ? here.endpoint->receive(here.reply) : here.endpoint->wait(); };
        Thread thread;
        REQUIRE_OK(thread.prepare(memory, receives, {.priority = above}));
        REQUIRE_OK(thread.tcb().bind_notification(here.notification));
        REQUIRE_OK(thread.tcb().resume());
        signal->signal();
        CHECK(thread.is_done());
        CHECK_EQUAL(received.badge.value, 0x30);
        CHECK_EQUAL(received.info.raw(), 0);
        // It left the endpoint's queue, and its reply object is free.
        here.endpoint->send_if_awaited({});
        here.reply->send({});
    }
}

SYSTEM_TEST("a bound thread takes a pending signal before a message, in every form of receiving") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 2));
    REQUIRE_OK(test::own_tcb().bind_notification(here.notification));
    for (const Syscall number : {Syscall::recv, Syscall::nb_recv, Syscall::wait, Syscall::nb_wait}) {
        REQUIRE_VALUE(memory, test::make_untyped(14));
        auto sends = [&] { here.endpoint->send(word(8)); };
        Thread sender;
        REQUIRE_OK(sender.start(memory, sends, {.priority = above}));
        signal->signal();
        sys::raw::Registers registers{here.endpoint->slot(), 0};
        sys::raw::enter(number, registers, here.reply->slot());
        CHECK_EQUAL(registers.target, 2);
        CHECK_EQUAL(registers.info, 0);
        registers = {here.endpoint->slot(), 0};
        sys::raw::enter(number, registers, here.reply->slot());
        CHECK_EQUAL(registers.target, 0);
        CHECK_EQUAL(registers.mr0, 8);
    }
    CHECK_OK(test::own_tcb().unbind_notification());
}

SYSTEM_TEST("a bound thread in a Call or a fault is not disturbed: the signal waits") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 2));
    test::Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.slot(1).copy_from(here.endpoint.ref()));
    REQUIRE_OK(subject.victim.tcb().bind_notification(here.notification));
    REQUIRE_OK(subject.victim.start(snippet_syscall, test::system_call(Syscall::call, 1, MessageInfo(1, 0).raw())));
    const auto still_there = [&] { // only its own thread may look
        return subject.victim.tcb().unbind_notification().is_ok() && here.notification->poll().value == 2 &&
               subject.victim.tcb().bind_notification(here.notification).is_ok();
    };
    signal->signal(); // while it is queued to send
    CHECK_EQUAL(here.endpoint->receive_if_there(here.reply).label(), 1);
    CHECK(still_there());
    signal->signal(); // while it waits for the answer
    CHECK(still_there());
    here.reply->send(word(5));
    signal->signal(); // while its fault is queued
    CHECK(still_there());
    REQUIRE(subject.victim.next_fault(0).value_or(test::Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[abi::UserRegister::r10], 5);
    signal->signal(); // and while it waits for the answer to that
    CHECK(still_there());
}

SYSTEM_TEST("a bound thread may wait on its notification itself; another one may not") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 2));
    test::Subject subjects[2];
    for (test::Subject& subject : subjects) {
        REQUIRE_OK(subject.make(above));
        REQUIRE_OK(subject.victim.slot(1).copy_from(here.notification.ref()));
    }
    REQUIRE_OK(subjects[0].victim.tcb().bind_notification(here.notification));
    for (const Syscall number : {Syscall::wait, Syscall::recv}) {
        REQUIRE_OK(subjects[0].victim.start(snippet_syscall, test::system_call(number, 1)));
        signal->signal();
        REQUIRE(subjects[0].victim.next_fault(0).value_or(test::Fault{}).is_done());
        CHECK_EQUAL(subjects[0].victim.registers()[abi::UserRegister::rdi], 2);
    }
    signal->signal();
    for (const Syscall number : {Syscall::wait, Syscall::recv, Syscall::nb_wait, Syscall::nb_recv}) {
        const test::Fault fault = subjects[1].victim.run(snippet_syscall, test::system_call(number, 1));
        REQUIRE(fault.kind == abi::Fault::cap_fault);
        CHECK_EQUAL(fault.words[2], 1);
        CHECK_EQUAL(fault.words[3], 2);
        CHECK_EQUAL(fault.words[4], 0);
    }
}

SYSTEM_TEST("an unbound thread keeps waiting on its endpoint; signals no longer reach it there") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 2));
    Received received;
    auto receives = [&] { received = here.endpoint->receive(here.reply); };
    Thread thread;
    REQUIRE_OK(thread.prepare(here.memory, receives, {.priority = above}));
    REQUIRE_OK(thread.tcb().bind_notification(here.notification));
    REQUIRE_OK(thread.tcb().resume());
    REQUIRE_OK(thread.tcb().unbind_notification());
    signal->signal();
    CHECK(!thread.is_done());
    CHECK_EQUAL(here.notification->poll().value, 2);
    here.endpoint->send_if_awaited(word(4));
    CHECK(thread.is_done());
    CHECK_EQUAL(received.mr0, 4);
}

SYSTEM_TEST("deleting a bound notification unbinds its thread, which waits on") {
    Meeting here;
    REQUIRE_OK(here.make());
    Received received;
    auto receives = [&] { received = here.endpoint->receive(here.reply); };
    Thread thread;
    REQUIRE_OK(thread.prepare(here.memory, receives, {.priority = above}));
    REQUIRE_OK(thread.tcb().bind_notification(here.notification));
    REQUIRE_OK(thread.tcb().resume());
    here.notification.reset();
    CHECK(!thread.is_done());
    CHECK_REFUSED(thread.tcb().unbind_notification(), abi::Error::illegal_operation);
    here.endpoint->send_if_awaited(word(4));
    CHECK_EQUAL(received.mr0, 4);
}

SYSTEM_TEST("deleting a notification lets its waiters call again: a fault, because it is gone") {
    Meeting here;
    REQUIRE_OK(here.make());
    test::Subject subjects[2];
    for (test::Subject& subject : subjects) {
        REQUIRE_OK(subject.make(above));
        REQUIRE_OK(subject.victim.slot(1).copy_from(here.notification.ref()));
        REQUIRE_OK(subject.victim.start(snippet_syscall, test::system_call(Syscall::wait, 1)));
    }
    REQUIRE_OK(here.notification.ref().revoke()); // takes the waiters' capabilities; the object stays
    CHECK(!subjects[0].victim.next_fault(0).has_value());
    here.notification.reset();
    for (test::Subject& subject : subjects) {
        const auto fault = subject.victim.next_fault(0);
        REQUIRE(fault.has_value());
        CHECK(fault->kind == abi::Fault::cap_fault);
        CHECK_EQUAL(fault->words[1], 1);
        CHECK_EQUAL(fault->words[2], 1);
    }
}

SYSTEM_TEST("a notification's context is lent to a thread without one, until it waits on the notification again") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 8));
    REQUIRE_VALUE(context, test::make_context(here.memory));
    REQUIRE_OK(context->bind(here.notification));
    Waiter waits{here.notification};
    Thread thread;
    REQUIRE_OK(thread.start(here.memory, waits, {.priority = above}));
    REQUIRE_OK(thread.context().unbind());
    for (Word i = 1; i <= 5; ++i) {
        signal->signal();
        CHECK_EQUAL(waits.times, i);
        CHECK_REFUSED(context->unbind_object(thread.tcb()), abi::Error::illegal_operation); // it has given it back
    }
}

SYSTEM_TEST("a notification's context goes to one thread at a time; the next waits until it is free") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(context, test::make_context(here.memory));
    REQUIRE_OK(context->bind(here.notification));
    // Each, once woken, keeps the context while it waits elsewhere.
    volatile Word stages[2] = {};
    struct Keeper {
        sys::Notification on;
        sys::Endpoint then;
        volatile Word* stage;
        void operator()() {
            static_cast<void>(on.wait());
            *stage = 1;
            then.wait();
            *stage = 2;
        }
    } keeps[2] = {{here.notification, here.endpoint, &stages[0]}, {here.notification, here.endpoint, &stages[1]}};
    Thread threads[2];
    for (unsigned i = 0; i < 2; ++i) {
        REQUIRE_OK(threads[i].start(here.memory, keeps[i], {.priority = above}));
        REQUIRE_OK(threads[i].context().unbind());
    }
    here.notification->signal();
    CHECK(stages[0] == 1 && stages[1] == 0);
    here.notification->signal(); // the second has its signal, and no time
    CHECK_EQUAL(stages[1], 0);
    CHECK_EQUAL(here.notification->poll().value, 0);
    REQUIRE_OK(threads[1].context().bind(threads[1].tcb()));
    CHECK_EQUAL(stages[1], 1);
    CHECK_OK(context->unbind_object(threads[0].tcb())); // the first still has it
}

SYSTEM_TEST("a bound thread gives a lent context back when it waits on an endpoint") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(signal, badged(here, 8));
    REQUIRE_VALUE(context, test::make_context(here.memory));
    REQUIRE_OK(context->bind(here.notification));
    volatile Word times = 0;
    auto serves = [&] {
        for (;;) {
            here.endpoint->receive(here.reply);
            times = times + 1;
        }
    };
    Thread thread;
    REQUIRE_OK(thread.prepare(here.memory, serves, {.priority = above}));
    REQUIRE_OK(thread.tcb().bind_notification(here.notification));
    REQUIRE_OK(thread.tcb().resume());
    REQUIRE_OK(thread.context().unbind());
    for (Word i = 1; i <= 3; ++i) {
        signal->signal();
        CHECK_EQUAL(times, i);
        CHECK_REFUSED(context->unbind_object(thread.tcb()), abi::Error::illegal_operation);
    }
}

SYSTEM_TEST("a thread with a context of its own borrows none") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(context, test::make_context(here.memory));
    REQUIRE_OK(context->bind(here.notification));
    volatile Word stage = 0;
    auto waits = [&] {
        static_cast<void>(here.notification->wait());
        stage = 1;
        here.endpoint->wait();
    };
    Thread thread;
    REQUIRE_OK(thread.start(here.memory, waits, {.priority = above}));
    here.notification->signal();
    CHECK_EQUAL(stage, 1);
    CHECK_REFUSED(context->unbind_object(thread.tcb()), abi::Error::illegal_operation);
    CHECK_OK(thread.context().unbind_object(thread.tcb()));
}

SYSTEM_TEST("a context and a notification are bound to one of the other kind at a time, and unbound by either way") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(context, test::make_context(here.memory));
    REQUIRE_VALUE(other_context, test::make_context(here.memory));
    REQUIRE_VALUE(other, sys::make_object<sys::Notification>(test::space(), here.memory));
    REQUIRE_OK(context->bind(here.notification));
    CHECK_REFUSED(context->bind(here.notification), abi::Error::illegal_operation);
    CHECK_REFUSED(context->bind(other), abi::Error::illegal_operation);
    CHECK_REFUSED(other_context->bind(here.notification), abi::Error::illegal_operation);
    CHECK_REFUSED(other_context->unbind_object(here.notification), abi::Error::illegal_operation);
    CHECK_REFUSED(context->unbind_object(other), abi::Error::illegal_operation);
    CHECK_OK(context->unbind_object(here.notification));
    CHECK_OK(context->bind(other));
    CHECK_OK(context->unbind());
    CHECK_OK(other_context->bind(other));
    other.reset(); // deleting the notification frees the context
    CHECK_OK(other_context->bind(here.notification));
    CHECK_OK(test::space().at(other_context->slot()).remove()); // and the other way round
    CHECK_OK(context->bind(here.notification));
}
