// SPDX-License-Identifier: BSD-2-Clause
// Interrupts and NMIs at every instruction of the ways into the kernel and out of it. Under the deterministic clock the
// timer's message comes at a chosen instruction: a tick is ten of them, and a pause of three or so fills the steps.
#include <tests/system/hpet/hpet.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using test::Cap;
using test::Hpet;
using test::invoke;
using test::own_cnode;
using test::Thread;
using test::Word;

namespace {

constexpr Word vector = 60;
constexpr Word device_message = 48 + vector;
constexpr Word nmi_message = 4 << 8; // delivery mode NMI (SDM Vol. 3A, "Message Data Register Format")
constexpr Word instructions_a_tick = 10;
constexpr Word first_tick = 2; ///< before, the timer is still being started

/// A timer whose message is about to come, and what it shall hit.
struct Sweep {
    Hpet hpet;
    Cap<sys::Notification> notification;
    Cap<sys::Notification> badged;
    test::Place handler;
    Word undisturbed = ~Word{0}; ///< ticks that the action takes
    unsigned runs = 0; ///< actions with a message
    unsigned slow = 0; ///< that took longer for it
    unsigned wrong = 0;
    unsigned signals = 0;
    bool is_signal = false;

    sys::Result<void> make(Word message) {
        TRY(hpet.make());
        notification = TRY(sys::make_object<sys::Notification>(test::space(), test::arena()));
        badged = TRY(sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{1}));
        new (&handler) test::Place(TRY(test::Place::take()));
        TRY(sys::IrqControl(abi::root_slot::irq_control).get_msi(handler.ref(), {}, 0, vector));
        TRY(sys::IrqHandler(handler.number()).set_notification(badged));
        hpet.set_message(message);
        is_signal = message == device_message;
        return {};
    }

    /// Runs the action with a message at each of its instructions; it answers whether all was as it shall be.
    template <class Action>
    void run(Action action) {
        for (unsigned i = 0; i < 3; ++i) {
            const Word start = test::now();
            wrong += !action();
            const Word took = test::now() - start;
            undisturbed = took < undisturbed ? took : undisturbed;
        }
        const Word last_tick = undisturbed / instructions_a_tick;
        for (Word tick = first_tick; tick < last_tick; ++tick) {
            for (unsigned pause = 0; pause < 10; ++pause) {
                hpet.start(Hpet::message, 0, tick);
                const Word start = test::now();
                for (unsigned i = 0; i < pause; ++i)
                    asm volatile("");
                wrong += !action();
                slow += test::now() - start > undisturbed + 200;
                ++runs;
                if (is_signal)
                    signals += test::wait_until([&] { return notification->poll().value != 0; }, 1);
            }
        }
        hpet.stop();
        signals += notification->poll().value != 0; // one too many
    }
};

/// A server that adds one, and a client call to it.
struct Server {
    Cap<sys::Untyped> memory;
    Cap<sys::Endpoint> endpoint;
    Cap<sys::Reply> reply;
    Thread thread;
    Word calls = 0;

    sys::Result<void> make() {
        memory = TRY(test::make_untyped(16));
        endpoint = TRY(sys::make_object<sys::Endpoint>(test::space(), memory));
        reply = TRY(sys::make_object<sys::Reply>(test::space(), memory));
        TRY(thread.start(memory, *this, {.priority = test::above}));
        return thread.context().unbind();
    }
    void operator()() {
        sys::Received received = endpoint->receive(reply);
        for (;;)
            received = endpoint->reply_receive({abi::MessageInfo(0, 1), received.mr0 + 1}, reply);
    }
    bool call() {
        ++calls;
        return endpoint->call({abi::MessageInfo(3, 1), calls}).mr0 == calls + 1;
    }
};

bool call_untyped_wrongly(Word untyped) {
    const test::Answer answer = invoke(untyped, Invocation::untyped_retype, {14, 0, 0, 0, 0, 1}, {own_cnode()});
    return answer.is(abi::Error::invalid_argument) && answer.length == 1 && answer.words[0] == 0;
}

} // namespace

SYSTEM_TEST("an interrupt at every instruction of an invocation is delivered once, and the answer is right") {
    Sweep sweep;
    REQUIRE_OK(sweep.make(device_message));
    REQUIRE_VALUE(memory, test::make_untyped(12));
    sweep.run([&] { return call_untyped_wrongly(memory->slot()); });
    CHECK_EQUAL(sweep.wrong, 0);
    CHECK_EQUAL(sweep.signals, sweep.runs);
}

SYSTEM_TEST("an interrupt at every instruction of a Call to another thread and its answer") {
    Sweep sweep;
    Server server;
    REQUIRE_OK(sweep.make(device_message));
    REQUIRE_OK(server.make());
    sweep.run([&] { return server.call(); });
    CHECK_EQUAL(sweep.wrong, 0);
    CHECK_EQUAL(sweep.signals, sweep.runs);
}

SYSTEM_TEST("X4: an NMI at every instruction of an invocation, of the entry and the exit among them") {
    Sweep sweep;
    REQUIRE_OK(sweep.make(nmi_message));
    REQUIRE_VALUE(memory, test::make_untyped(12));
    sweep.run([&] { return call_untyped_wrongly(memory->slot()); });
    CHECK_EQUAL(sweep.wrong, 0);
    CHECK(sweep.runs > 100 && sweep.slow * 10 >= sweep.runs * 9); // they did come
}

SYSTEM_TEST("X4: an NMI at every instruction of a Call to another thread and its answer") {
    Sweep sweep;
    Server server;
    REQUIRE_OK(sweep.make(nmi_message));
    REQUIRE_OK(server.make());
    sweep.run([&] { return server.call(); });
    CHECK_EQUAL(sweep.wrong, 0);
    CHECK(sweep.runs > 100 && sweep.slow * 10 >= sweep.runs * 9);
}

SYSTEM_TEST("X4: an NMI at every instruction of an exception, its message and its answer") {
    Sweep sweep;
    test::Subject subject;
    REQUIRE_OK(sweep.make(nmi_message));
    REQUIRE_OK(subject.make(test::above));
    REQUIRE_OK(subject.victim.start(snippet_done)); // its first message waits
    sweep.run([&] {
        const auto fault = subject.victim.next_fault(0);
        subject.victim.reply(); // it faults again at once, and the next message waits
        return fault && fault->is_done() && fault->ip() == test::Victim::address_of(snippet_done);
    });
    CHECK_EQUAL(sweep.wrong, 0);
    CHECK(sweep.runs > 100 && sweep.slow * 10 >= sweep.runs * 9);
}
