// SPDX-License-Identifier: BSD-2-Clause
// IRQControl and IRQHandler: what is refused and in which order, and what a handler does.
#include <tests/system/devices/ports.hpp>

using namespace ports;
using abi::Invocation;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Word;

namespace {

constexpr Word control = abi::root_slot::irq_control;
constexpr Word lines = 108;

struct Request {
    Word index = 0;
    Word depth = 64;
    Word a = 0, b = 0, c = 0, d = 0; ///< I/O APIC, pin, level, polarity; or bus, device, function, handle
    Word vector = 0;
};
Answer get_ioapic(const Request& with, AnyCap root = own_cnode()) {
    return invoke(control, Invocation::irq_control_get_ioapic,
                  {with.index, with.depth, with.a, with.b, with.c, with.d, with.vector}, {root});
}
Answer get_msi(const Request& with, AnyCap root = own_cnode()) {
    return invoke(control, Invocation::irq_control_get_msi,
                  {with.index, with.depth, with.a, with.b, with.c, with.d, with.vector}, {root});
}

} // namespace

SYSTEM_TEST("GetIOAPIC and GetMSI: vector, then whether it is in use, then the destination, then the rest") {
    REQUIRE_PLACE(place);
    REQUIRE_PLACE(used);
    REQUIRE_DONE(get_msi({.index = used.number(), .vector = 40}));
    for (const auto get : {get_ioapic, get_msi}) {
        for (const Word vector : {lines, lines + 1, Word{255}, Word{1} << 32, ~Word{0}})
            CHECK_ANSWER(
                get({.index = used.number(), .depth = 99, .a = 999, .b = 999, .c = 999, .d = 999, .vector = vector},
                    test::own_tcb()),
                range_error, 0, lines - 1);
        Request wrong{.index = used.number(), .depth = 99, .a = 999, .b = 999, .c = 999, .d = 999, .vector = 40};
        CHECK_ANSWER(get(wrong, test::own_tcb()), revoke_first);
        wrong.vector = 41;
        CHECK_ANSWER(get(wrong, test::own_tcb()), failed_lookup, 0, 1);
        CHECK_ANSWER(get(wrong, own_cnode()), range_error, 1, 64);
        wrong.depth = 64;
        CHECK_ANSWER(get(wrong, own_cnode()), delete_first);
    }
    REQUIRE_PLACE(second);
    CHECK_DONE(get_msi({.index = second.number(), .vector = 41})); // the refusals have taken nothing
}

SYSTEM_TEST("GetIOAPIC: I/O APIC, pin, level and polarity out of range, each with its limits") {
    REQUIRE_PLACE(place);
    const Answer no_such = get_ioapic({.index = place.number(), .a = 64, .b = 999, .c = 2, .d = 2, .vector = 40});
    CHECK(no_such.is(abi::Error::range_error) && no_such.words[0] == 0);
    const Word ioapics = no_such.words[1] + 1;
    CHECK_ANSWER(get_ioapic({.index = place.number(), .a = ioapics, .vector = 40}), range_error, 0, ioapics - 1);
    CHECK_ANSWER(get_ioapic({.index = place.number(), .a = ~Word{0}, .vector = 40}), range_error, 0, ioapics - 1);
    const Answer no_pin = get_ioapic({.index = place.number(), .b = 999, .c = 2, .d = 2, .vector = 40});
    CHECK(no_pin.is(abi::Error::range_error) && no_pin.words[0] == 0 && no_pin.words[1] >= 23);
    const Word last_pin = no_pin.words[1];
    for (const Word pin : {last_pin + 1, Word{1} << 32 | 8, ~Word{0}})
        CHECK_ANSWER(get_ioapic({.index = place.number(), .b = pin, .vector = 40}), range_error, 0, last_pin);
    for (const Word wrong : {Word{2}, Word{255}, ~Word{0}}) {
        CHECK_ANSWER(get_ioapic({.index = place.number(), .b = 8, .c = wrong, .d = wrong, .vector = 40}), range_error,
                     0, 1);
        CHECK_ANSWER(get_ioapic({.index = place.number(), .b = 8, .d = wrong, .vector = 40}), range_error, 0, 1);
    }
    CHECK(test::is_empty(place.number()));
    CHECK_DONE(get_ioapic({.index = place.number(), .b = last_pin, .c = 1, .d = 1, .vector = 40}));
}

SYSTEM_TEST("GetMSI: bus 0 to 255, device 0 to 31, function 0 to 7; any handle") {
    REQUIRE_PLACE(place);
    for (const Word wrong : {Word{1} << 32, ~Word{0}}) {
        CHECK_ANSWER(get_msi({.index = place.number(), .a = wrong, .b = 99, .c = 99, .vector = 40}), range_error, 0,
                     255);
        CHECK_ANSWER(get_msi({.index = place.number(), .b = wrong, .c = 99, .vector = 40}), range_error, 0, 31);
        CHECK_ANSWER(get_msi({.index = place.number(), .c = wrong, .vector = 40}), range_error, 0, 7);
    }
    CHECK_ANSWER(get_msi({.index = place.number(), .a = 256, .vector = 40}), range_error, 0, 255);
    CHECK_ANSWER(get_msi({.index = place.number(), .b = 32, .vector = 40}), range_error, 0, 31);
    CHECK_ANSWER(get_msi({.index = place.number(), .c = 8, .vector = 40}), range_error, 0, 7);
    CHECK_DONE(get_msi({.index = place.number(), .a = 255, .b = 31, .c = 7, .d = ~Word{0}, .vector = 40}));
}

SYSTEM_TEST("all 108 vectors can be handed out, each once, and are free again with their last handler") {
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), 7));
    for (unsigned round = 0; round < 2; ++round) {
        for (Word vector = 0; vector < lines; ++vector)
            REQUIRE_DONE(get_msi({.index = vector, .depth = 7, .vector = vector}, node));
        for (Word vector = 0; vector < lines; ++vector)
            REQUIRE(CHECK_ANSWER(get_msi({.index = 127, .depth = 7, .vector = vector}, node), revoke_first));
        for (Word vector = 0; vector < lines; ++vector)
            REQUIRE_OK(node->at(vector, 7).remove());
    }
}

SYSTEM_TEST("SetNotification: needs a notification with write; Ack and Clear always succeed") {
    REQUIRE_PLACE(handler);
    REQUIRE_DONE(get_msi({.index = handler.number(), .vector = 40}));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    for (Word mask = 0; mask < 16; ++mask) {
        REQUIRE_VALUE(copy, sys::copy_cap(test::space(), notification.get(), sys::Rights(mask)));
        const Answer answer = invoke(handler, Invocation::irq_handler_set_notification, {}, {copy});
        if ((mask & 1) != 0)
            CHECK_DONE(answer);
        else
            CHECK_ANSWER(answer, invalid_capability, 0);
    }
    for (unsigned i = 0; i < 2; ++i) {
        CHECK_DONE(invoke(handler, Invocation::irq_handler_ack));
        CHECK_DONE(invoke(handler, Invocation::irq_handler_clear));
    }
}

SYSTEM_TEST("the handler holds its notification alive, and loses it to Revoke") {
    REQUIRE_PLACE(handler);
    REQUIRE_DONE(get_msi({.index = handler.number(), .vector = 40}));
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_PLACE(notification);
    REQUIRE_OK(memory->retype_into(abi::ObjectType::notification, 0, own_cnode(), notification.number()));
    CHECK_DONE(invoke(handler, Invocation::irq_handler_set_notification, {}, {notification}));
    REQUIRE_OK(notification.ref().remove());
    REQUIRE_PLACE(whole);
    CHECK_REFUSED(memory->retype_into(abi::ObjectType::untyped, 12, own_cnode(), whole.number()),
                  abi::Error::not_enough_memory, 4096 - 64);
    REQUIRE_OK(memory.ref().revoke());
    CHECK_OK(memory->retype_into(abi::ObjectType::untyped, 12, own_cnode(), whole.number()));
    CHECK_DONE(invoke(handler, Invocation::irq_handler_ack));
    // Clear, and the end of the handler, let go of it, too.
    REQUIRE_OK(whole.ref().remove());
    for (const bool clears : {true, false}) {
        REQUIRE_OK(memory->retype_into(abi::ObjectType::notification, 0, own_cnode(), notification.number()));
        CHECK_DONE(invoke(handler, Invocation::irq_handler_set_notification, {}, {notification}));
        REQUIRE_OK(notification.ref().remove());
        if (clears)
            CHECK_DONE(invoke(handler, Invocation::irq_handler_clear));
        else
            CHECK_OK(handler.ref().remove());
        CHECK_OK(memory->retype_into(abi::ObjectType::untyped, 12, own_cnode(), whole.number()));
        REQUIRE_OK(whole.ref().remove());
    }
}

SYSTEM_TEST("the PIT belongs to user code: its interrupt comes through pin 2, as often as it is told") {
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{0x20}));
    REQUIRE_VALUE(pit, issue(0x40, 0x43));
    REQUIRE_PLACE(handler);
    constexpr Word pit_pin = 2; // interrupt 0 of old, by the ACPI tables of both machines
    REQUIRE_DONE(get_ioapic({.index = handler.number(), .b = pit_pin, .vector = 40}));
    CHECK_DONE(invoke(handler, Invocation::irq_handler_set_notification, {}, {badged}));
    constexpr Word reload = 1193; // 1 ms
    REQUIRE_OK(pit->out8(0x43, 0x34)); // channel 0, both bytes, rate generator
    REQUIRE_OK(pit->out8(0x40, reload & 0xff));
    REQUIRE_OK(pit->out8(0x40, reload >> 8));
    for (unsigned i = 0; i < 10; ++i) {
        Word badge = 0;
        REQUIRE(test::wait_until([&] { return (badge = notification->poll().value) != 0; }));
        CHECK_EQUAL(badge, 0x20);
        CHECK_DONE(invoke(handler, Invocation::irq_handler_ack));
    }
    REQUIRE_OK(pit->out8(0x43, 0x30)); // one-shot, never loaded: silent
}

SYSTEM_TEST("an interrupt without notification, and one whose notification is gone, masks its pin and harms nobody") {
    REQUIRE_VALUE(pit, issue(0x40, 0x43));
    REQUIRE_PLACE(handler);
    REQUIRE_DONE(get_ioapic({.index = handler.number(), .b = 2, .vector = 40}));
    REQUIRE_OK(pit->out8(0x43, 0x34));
    REQUIRE_OK(pit->out8(0x40, 0x00));
    REQUIRE_OK(pit->out8(0x40, 0x02)); // 430 us
    for (unsigned i = 0; i < 5; ++i) {
        test::wait_until([] { return false; }, 2);
        CHECK_DONE(invoke(handler, Invocation::irq_handler_ack));
    }
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    CHECK_DONE(invoke(handler, Invocation::irq_handler_set_notification, {}, {notification}));
    notification.reset(); // the handler keeps it
    test::wait_until([] { return false; }, 2);
    CHECK_DONE(invoke(handler, Invocation::irq_handler_ack));
    REQUIRE_OK(handler.ref().remove());
    test::wait_until([] { return false; }, 2);
    REQUIRE_OK(pit->out8(0x43, 0x30));
}
