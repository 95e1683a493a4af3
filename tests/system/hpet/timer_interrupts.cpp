// SPDX-License-Identifier: BSD-2-Clause
// Interrupts by edge, level and message from one device: delivered, masked and acknowledged as the ABI says.
#include <tests/system/hpet/hpet.hpp>

using abi::Invocation;
using test::Cap;
using test::Hpet;
using test::invoke;
using test::own_cnode;
using test::Word;

namespace {

constexpr Word control = abi::root_slot::irq_control;
constexpr Word pin = 20;
constexpr Word vector = 55;
constexpr Word first_device_vector = 48;
constexpr Word soon = 2'000; ///< ticks of 10 ns

/// The timer, a handler for its interrupts, and a badged notification.
struct Line {
    Hpet hpet;
    Cap<sys::Notification> notification;
    Cap<sys::Notification> badged;
    test::Place handler;

    sys::Result<void> make() {
        TRY(hpet.make());
        notification = TRY(sys::make_object<sys::Notification>(test::space(), test::arena()));
        badged = TRY(sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{0x40}));
        new (&handler) test::Place(TRY(test::Place::take()));
        return {};
    }
    bool route_pin(Word level, Word polarity = 0) {
        return invoke(control, Invocation::irq_control_get_ioapic,
                      {handler.number(), 64, 0, pin, level, polarity, vector}, {own_cnode()})
                   .is_done() &&
               set_notification();
    }
    bool route_message() {
        return invoke(control, Invocation::irq_control_get_msi, {handler.number(), 64, 0, 0, 0, 0, vector},
                      {own_cnode()})
                   .is_done() &&
               set_notification();
    }
    bool set_notification() {
        return invoke(handler, Invocation::irq_handler_set_notification, {}, {badged}).is_done();
    }
    bool acknowledge() { return invoke(handler, Invocation::irq_handler_ack).is_done(); }
    /// Whether a signal comes within a time that is long for the timer.
    bool signalled() {
        return test::wait_until([&] { return notification->poll().value == 0x40; }, 1);
    }
};

} // namespace

SYSTEM_TEST("an edge-triggered interrupt is delivered once, and again only after Ack") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE((line.hpet.pins() >> pin & 1) != 0);
    REQUIRE(line.route_pin(0));
    line.hpet.start(0, pin, soon);
    CHECK(line.signalled());
    CHECK(!line.signalled());
    for (unsigned i = 0; i < 5; ++i) {
        CHECK(line.acknowledge());
        line.hpet.start(0, pin, soon);
        CHECK(line.signalled());
    }
    // Not acknowledged: masked.
    line.hpet.start(0, pin, soon);
    CHECK(!line.signalled());
}

SYSTEM_TEST("a level-triggered interrupt comes again after Ack as long as the device asks for it") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_pin(1));
    line.hpet.start(Hpet::level, pin, soon);
    for (unsigned i = 0; i < 5; ++i) {
        CHECK(line.signalled());
        CHECK(!line.signalled()); // masked until Ack
        CHECK(line.acknowledge());
    }
    CHECK(line.signalled());
    line.hpet.clear();
    CHECK(line.acknowledge());
    CHECK(!line.signalled());
    line.hpet.start(Hpet::level, pin, soon);
    CHECK(line.signalled());
    line.hpet.stop();
    CHECK(line.acknowledge());
}

SYSTEM_TEST("an interrupt by message arrives with 48 + vector as its data, and is never masked") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_message());
    line.hpet.set_message(first_device_vector + vector);
    for (unsigned i = 0; i < 5; ++i) { // without any Ack
        line.hpet.start(Hpet::message, 0, soon);
        CHECK(line.signalled());
    }
    CHECK(line.acknowledge()); // does nothing
    line.hpet.start(Hpet::message, 0, soon);
    CHECK(line.signalled());
    CHECK(!line.signalled());
}

SYSTEM_TEST("messages with other vectors reach nobody, or the handler that has that vector") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_message());
    for (Word data = first_device_vector; data < first_device_vector + 108; data += 7) {
        line.hpet.set_message(data);
        line.hpet.start(Hpet::message, 0, soon);
        CHECK_EQUAL(line.signalled(), data == first_device_vector + vector);
    }
    line.hpet.set_message(240); // the kernel's own timer: a tick too many
    line.hpet.start(Hpet::message, 0, soon);
    CHECK(!line.signalled());
    line.hpet.set_message(first_device_vector + vector);
    line.hpet.start(Hpet::message, 0, soon);
    CHECK(line.signalled());
}

SYSTEM_TEST("deleting the last handler masks the pin and frees the vector; what comes then is nobody's") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_pin(1));
    line.hpet.start(Hpet::level, pin, soon);
    CHECK(line.signalled());
    REQUIRE_OK(line.handler.ref().remove());
    CHECK(!line.signalled()); // the line is still up
    REQUIRE(line.route_pin(1)); // a new handler: unmasked at once, before it has a notification
    CHECK(!line.signalled());
    CHECK(line.acknowledge());
    CHECK(line.signalled());
    line.hpet.stop();
    REQUIRE_OK(line.handler.ref().remove());
    REQUIRE(line.route_message()); // the same vector for another kind
    line.hpet.set_message(first_device_vector + vector);
    line.hpet.start(Hpet::message, 0, soon);
    CHECK(line.signalled());
}

SYSTEM_TEST("deleting an acknowledged handler masks its pin: a device that asks for ever stops nobody") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_pin(1));
    line.hpet.start(Hpet::level, pin, soon);
    CHECK(line.signalled());
    line.hpet.stop();
    CHECK(line.acknowledge());
    REQUIRE_OK(line.handler.ref().remove());
    const auto polls_in_a_millisecond = [&] {
        unsigned polls = 0;
        CHECK(!test::wait_until([&] { return ++polls != 0 && line.notification->poll().value != 0; }, 1));
        return polls;
    };
    const unsigned undisturbed = polls_in_a_millisecond();
    line.hpet.start(Hpet::level, pin, soon);
    CHECK(polls_in_a_millisecond() > undisturbed / 2); // it is not interrupted again and again
    line.hpet.stop();
}

SYSTEM_TEST("an interrupt without notification masks its pin until Ack; a message without one is lost") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_pin(1));
    REQUIRE_DONE(invoke(line.handler, Invocation::irq_handler_clear));
    line.hpet.start(Hpet::level, pin, soon);
    CHECK(!line.signalled());
    REQUIRE(line.set_notification());
    CHECK(!line.signalled()); // masked still
    CHECK(line.acknowledge());
    CHECK(line.signalled());
    line.hpet.stop();
    REQUIRE_OK(line.handler.ref().remove());
    REQUIRE(line.route_message());
    REQUIRE_DONE(invoke(line.handler, Invocation::irq_handler_clear));
    line.hpet.set_message(first_device_vector + vector);
    line.hpet.start(Hpet::message, 0, soon);
    CHECK(!line.signalled());
    REQUIRE(line.set_notification());
    CHECK(!line.signalled());
}

SYSTEM_TEST("an interrupt wakes a waiting thread of higher priority at once") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_message());
    line.hpet.set_message(first_device_vector + vector);
    Word woken_at = 0;
    line.hpet.start(Hpet::message, 0, 10'000); // 100 us
    const Word started = test::now();
    const Word badge = line.notification->wait().value;
    woken_at = test::now() - started;
    CHECK_EQUAL(badge, 0x40);
    CHECK(woken_at >= test::ticks_per_microsecond() * 90);
    CHECK(woken_at <= test::ticks_per_microsecond() * 150);
}

SYSTEM_TEST("a notification that was replaced hears nothing any more") {
    Line line;
    REQUIRE_OK(line.make());
    REQUIRE(line.route_message());
    line.hpet.set_message(first_device_vector + vector);
    REQUIRE_VALUE(other, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(other_badged, sys::mint_cap(test::space(), other.get(), sys::Rights::all(), sys::Badge{7}));
    REQUIRE_DONE(invoke(line.handler, Invocation::irq_handler_set_notification, {}, {other_badged}));
    line.hpet.start(Hpet::message, 0, soon);
    CHECK(test::wait_until([&] { return other->poll().value == 7; }, 1));
    CHECK_EQUAL(line.notification->poll().value, 0);
}
