// SPDX-License-Identifier: BSD-2-Clause
// Threads that talk to each other and share the processor: IPC, notifications, priorities, preemption.
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using sys::Badge;
using sys::Message;
using sys::Priority;
using sys::Received;
using sys::Rights;
using test::Cap;
using test::Subject;
using test::Thread;
using test::ThreadOptions;
using test::Word;

namespace {

constexpr unsigned memory_bits = 18;

/// An endpoint, a reply object and a notification that the threads of a case share.
struct Meeting {
    Cap<sys::Untyped> memory;
    Cap<sys::Endpoint> endpoint;
    Cap<sys::Reply> reply;
    Cap<sys::Notification> notification;

    sys::Result<void> make() {
        memory = TRY(test::make_untyped(memory_bits));
        endpoint = TRY(sys::make_object<sys::Endpoint>(test::space(), memory));
        reply = TRY(sys::make_object<sys::Reply>(test::space(), memory));
        notification = TRY(sys::make_object<sys::Notification>(test::space(), memory));
        return {};
    }
};

Meeting* meeting;
volatile Word counters[4];
volatile unsigned order_length;
volatile Word order[256];

void append(Word value) {
    order[order_length] = value;
    order_length = order_length + 1;
}

/// Serves three calls: the sum of the message's words, and the badge.
void serve_sums(Word) {
    Received received = meeting->endpoint->receive(meeting->reply);
    for (;;) {
        sys::MessageReader reader(received);
        Word sum = 0;
        while (reader.words_left() > 0)
            sum += reader.word().value_or(0);
        received = meeting->endpoint->reply_receive({abi::MessageInfo(received.label(), 2), sum, received.badge.value},
                                                    meeting->reply);
    }
}

void spin(Word index) {
    for (;;)
        counters[index] = counters[index] + 1;
}

void note_and_end(Word value) { append(value); }

void wait_for_signal(Word) { counters[0] = meeting->notification->wait().value; }

void call_once(Word value) { counters[0] = meeting->endpoint->call({abi::MessageInfo(9, 1), value}).mr0; }

} // namespace

SYSTEM_TEST("R29: a message of every length arrives whole, and so does its answer") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    Thread server;
    REQUIRE_OK(server.start(here.memory, serve_sums, 0));
    for (Word length = 0; length <= abi::max_message_words; ++length) {
        sys::MessageWriter writer;
        for (Word i = 0; i < length; ++i)
            REQUIRE_OK(writer.word(3 * i + 1));
        const Received answer = here.endpoint->call(writer.finish(17));
        CHECK_EQUAL(answer.label(), 17);
        CHECK_EQUAL(answer.length(), 2);
        REQUIRE(CHECK_EQUAL(answer.mr0, length == 0 ? 0 : 3 * (length * (length - 1) / 2) + length));
    }
}

SYSTEM_TEST("badges tell the server who called; without grant-reply a call is never answered") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    Thread server;
    REQUIRE_OK(server.start(here.memory, serve_sums, 0));
    for (const Word badge : {Word{1}, Word{0x1234'5678'9abc'def0}, ~Word{0}}) {
        REQUIRE_VALUE(client, sys::mint_cap(test::space(), here.endpoint.get(), Rights::all(), Badge{badge}));
        CHECK_EQUAL(client->call(Message::of_label(1)).mr1, badge);
        CHECK_REFUSED(sys::mint_cap(test::space(), client.get(), Rights::all(), Badge{7}),
                      abi::Error::illegal_operation);
    }
    REQUIRE_VALUE(write_only, sys::copy_cap(test::space(), here.endpoint.get(), Rights::write()));
    Meeting poor = {};
    poor.endpoint = std::move(write_only);
    Thread caller;
    meeting = &poor;
    counters[0] = 0xabc;
    REQUIRE_OK(caller.start(here.memory, call_once, 5));
    CHECK(!caller.join(30));
    CHECK_EQUAL(counters[0], 0xabc);
}

SYSTEM_TEST("a capability travels with a message into the receive slot, with its rights and no more") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subject; // its CSpace has the sender's view: nothing but an endpoint and what is given to it
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.slot(1).copy_from(test::space().at(here.endpoint->slot())));
    REQUIRE_OK(subject.victim.slot(2).copy_from(test::space().at(here.notification->slot()), Rights::write()));
    {
        REQUIRE_VALUE(view, test::View::of(subject.victim.buffer_frame()));
        reinterpret_cast<abi::IpcBuffer*>(view.bytes())->caps_or_badges[0] = 2;
    }
    sys::UserRegisters registers;
    registers[abi::UserRegister::rdx] = static_cast<Word>(abi::Syscall::send);
    registers[abi::UserRegister::rdi] = 1;
    registers[abi::UserRegister::rsi] = abi::MessageInfo(3, 0, 1).raw();
    REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
    REQUIRE_VALUE(slot, test::space().allocate());
    sys::set_receive_slot(test::own_cnode(), slot.number(), abi::word_bits);
    const auto received = test::receive_within(here.endpoint, here.reply);
    sys::clear_receive_slot();
    REQUIRE(received.has_value());
    CHECK_EQUAL(received->info.extra_caps(), 1);
    const auto arrived = Cap<sys::Notification>::adopt(std::move(slot));
    arrived->signal();
    CHECK_EQUAL(here.notification->poll().value, 0); // an unbadged signal, which poll shows as nothing
    REQUIRE(subject.victim.next_fault().value_or(test::Fault{}).is_done());
    // The write right is all there is: receiving through it is a fault, so no read right came along.
    REQUIRE_OK(subject.victim.slot(3).copy_from(test::space().at(arrived.ref().index)));
    registers[abi::UserRegister::rdx] = static_cast<Word>(abi::Syscall::wait);
    registers[abi::UserRegister::rdi] = 3;
    CHECK(subject.victim.run(snippet_syscall, registers).kind == abi::Fault::cap_fault);
}

SYSTEM_TEST("a call through a missing capability is a fault that names the pointer") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const abi::Syscall call : {abi::Syscall::call, abi::Syscall::send, abi::Syscall::recv, abi::Syscall::wait}) {
        sys::UserRegisters registers;
        registers[abi::UserRegister::rdx] = static_cast<Word>(call);
        registers[abi::UserRegister::rdi] = 0x7000'0000'0000'0001; // no such guard
        const test::Fault fault = subject.victim.run(snippet_syscall, registers);
        REQUIRE(fault.kind == abi::Fault::cap_fault);
        CHECK_EQUAL(fault.words[abi::cap_fault::address], 0x7000'0000'0000'0001);
        CHECK_EQUAL(fault.words[abi::cap_fault::in_receive_phase],
                    call == abi::Syscall::recv || call == abi::Syscall::wait);
    }
}

SYSTEM_TEST("signals are OR-ed until somebody looks, and wake who waits") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    REQUIRE_VALUE(one, sys::mint_cap(test::space(), here.notification.get(), Rights::all(), Badge{1}));
    REQUIRE_VALUE(four, sys::mint_cap(test::space(), here.notification.get(), Rights::all(), Badge{4}));
    one->signal();
    four->signal();
    one->signal();
    CHECK_EQUAL(here.notification->poll().value, 5);
    CHECK_EQUAL(here.notification->poll().value, 0);
    Thread waiter;
    counters[0] = 0;
    REQUIRE_OK(waiter.start(here.memory, wait_for_signal, 0));
    CHECK(!waiter.join(20));
    four->signal();
    CHECK(waiter.join());
    CHECK_EQUAL(counters[0], 4);
}

SYSTEM_TEST("R40: no wake-up is lost between looking and waiting, however exit and wait race") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), here.notification.get(), Rights::all(), Badge{1}));
    REQUIRE_VALUE(memory, test::make_untyped(14));
    test::Random random(40);
    for (unsigned round = 0; round < 400; ++round) {
        Thread waiter;
        REQUIRE_OK(waiter.start(memory, wait_for_signal, 0));
        // Anywhere from before its first instruction to long after it blocked.
        const Word start = test::now();
        const Word delay = random.below(200) * test::ticks_per_microsecond() / 4;
        if (round % 2 == 0)
            test::yield();
        while (test::now() - start < delay) {
        }
        badged->signal();
        REQUIRE(waiter.join());
        CHECK_EQUAL(here.notification->poll().value, 0);
    }
}

SYSTEM_TEST("a bound notification reaches its thread as a message with only a badge") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_OK(test::own_tcb().bind_notification(here.notification));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), here.notification.get(), Rights::all(), Badge{0x20}));
    badged->signal();
    const Received received = here.endpoint->receive(here.reply);
    CHECK_EQUAL(received.badge.value, 0x20);
    CHECK_EQUAL(received.length(), 0);
    CHECK_REFUSED(test::own_tcb().bind_notification(here.notification), abi::Error::illegal_operation);
    REQUIRE_OK(test::own_tcb().unbind_notification());
}

SYSTEM_TEST("a passive server runs on its caller's time and gives it back") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    Thread server;
    REQUIRE_OK(server.start(here.memory, serve_sums, 0));
    REQUIRE(CHECK_EQUAL(here.endpoint->call({abi::MessageInfo(1, 1), 41}).mr0, 41));
    REQUIRE_OK(server.context().unbind()); // it waits in ReplyRecv now, and has no time of its own
    for (Word i = 0; i < 100; ++i)
        REQUIRE(CHECK_EQUAL(here.endpoint->call({abi::MessageInfo(1, 1), i}).mr0, i));
}

SYSTEM_TEST("the timer preempts: threads of one priority share the processor, whatever they do") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (volatile Word& counter : counters)
        counter = 0;
    Thread spinners[3];
    for (Word i = 0; i < 3; ++i)
        REQUIRE_OK(spinners[i].start(here.memory, spin, i, {.budget = {{1000}, {1000}}}));
    CHECK(test::wait_until([] { return counters[0] > 10000 && counters[1] > 10000 && counters[2] > 10000; }));
    const Word start[] = {counters[0], counters[1], counters[2]};
    const Word begin = test::now();
    while (test::now() - begin < test::milliseconds(100))
        test::yield();
    // Round robin: within the run nobody gets less than a quarter of what the luckiest gets.
    Word least = ~Word{0};
    Word most = 0;
    for (unsigned i = 0; i < 3; ++i) {
        least = std::min<Word>(least, counters[i] - start[i]);
        most = std::max<Word>(most, counters[i] - start[i]);
    }
    CHECK(least > 0);
    CHECK(most / 4 <= least);
}

SYSTEM_TEST("256 priorities: the highest runnable thread runs first") {
    Meeting here;
    REQUIRE_OK(here.make());
    order_length = 0;
    constexpr unsigned step = 16;
    Thread threads[16];
    REQUIRE_OK(test::own_tcb().set_priority(test::own_tcb(), Priority{255}));
    for (unsigned i = 0; i < 16; ++i) {
        const auto priority = static_cast<uint8_t>((i * 7 % 16) * step + 1); // each once, not in order
        CHECK_OK(threads[i].start(here.memory, note_and_end, priority, {.priority = Priority{priority}}));
    }
    CHECK_EQUAL(order_length, 0);
    CHECK_OK(test::own_tcb().set_priority(test::own_tcb(), Priority{0})); // now they all are above
    CHECK_EQUAL(order_length, 16);
    CHECK_OK(test::own_tcb().set_priority(test::own_tcb(), test::base_priority));
    for (unsigned i = 0; i < order_length; ++i)
        CHECK_EQUAL(order[i], (15 - i) * step + 1);
}

SYSTEM_TEST("a thread that was given no priority above its authority's limit cannot take one") {
    Meeting here;
    REQUIRE_OK(here.make());
    Thread thread;
    REQUIRE_OK(thread.prepare(here.memory, note_and_end, 0));
    REQUIRE_OK(thread.tcb().set_max_controlled_priority(test::own_tcb(), Priority{20}));
    CHECK_REFUSED(thread.tcb().set_priority(thread.tcb(), Priority{21}), abi::Error::range_error, 0, 20);
    CHECK_OK(thread.tcb().set_priority(thread.tcb(), Priority{20}));
    CHECK_REFUSED(thread.tcb().set_max_controlled_priority(thread.tcb(), Priority{255}), abi::Error::range_error, 0,
                  20);
}

SYSTEM_TEST("a budget used up ends the thread's turn until its period comes again") {
    Meeting here;
    REQUIRE_OK(here.make());
    counters[0] = 0;
    Thread spinner; // above the test's own priority: only its budget holds it back
    REQUIRE_OK(spinner.start(here.memory, spin, 0, {.priority = Priority{150}, .budget = {{1000}, {20000}}}));
    const Word begin = test::now();
    Word turns = 0;
    while (test::now() - begin < test::milliseconds(100))
        ++turns;
    CHECK(turns > 1000);       // the test still ran
    CHECK(counters[0] > 0);    // and so did the other
    REQUIRE_VALUE(used, spinner.context().consumed());
    CHECK(used.count >= 1000 && used.count <= 12000);
}
