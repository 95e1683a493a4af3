// SPDX-License-Identifier: BSD-2-Clause
// Threads that share the processor: signals, priorities, preemption.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>

using sys::Badge;
using sys::Priority;
using sys::Rights;
using test::Cap;
using test::Thread;
using test::Word;

namespace {

constexpr unsigned memory_bits = 18;

/// A notification that the threads of a case share.
struct Meeting {
    Cap<sys::Untyped> memory;
    Cap<sys::Notification> notification;

    sys::Result<void> make() {
        memory = TRY(test::make_untyped(memory_bits));
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

void spin(Word index) {
    for (;;)
        counters[index] = counters[index] + 1;
}

void note_and_end(Word value) { append(value); }

void wait_for_signal(Word) { counters[0] = meeting->notification->wait().value; }

} // namespace

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

SYSTEM_TEST("the TSC frequency of the boot information is right by better than 1 %, measured with the PIT") {
    // Channel 2 of the PIT counts 1.193182 MHz; 50 ms of it are timed.
    constexpr Word pit_hz = 1193182, count = 59659;
    REQUIRE_PLACE(gate);
    REQUIRE_PLACE(counter);
    const sys::IoPortControl control(abi::root_slot::io_port_control);
    REQUIRE_OK(control.issue(0x61, 0x61, gate.ref()));
    REQUIRE_OK(control.issue(0x42, 0x43, counter.ref()));
    const sys::IoPorts gate_port(gate.number()), pit(counter.number());
    for (unsigned attempt = 0; attempt < 3; ++attempt) {
        REQUIRE_VALUE(state, gate_port.in8(0x61));
        REQUIRE_OK(gate_port.out8(0x61, (state & 0xfc) | 1)); // gate on, speaker off
        REQUIRE_OK(pit.out8(0x43, 0xb0)); // channel 2, both bytes, mode 0
        REQUIRE_OK(pit.out8(0x42, count & 0xff));
        REQUIRE_OK(pit.out8(0x42, count >> 8));
        const Word start = test::now();
        while ((gate_port.in8(0x61).value_or(0x20) & 0x20) == 0) {
        }
        const Word ticks = test::now() - start;
        const Word expected = test::ticks_per_microsecond() * 1'000'000 * count / pit_hz;
        CHECK(ticks > expected - expected / 100);
        CHECK(ticks < expected + expected / 100);
    }
}
