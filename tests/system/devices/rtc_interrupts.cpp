// SPDX-License-Identifier: BSD-2-Clause
// The real-time clock's interrupt, through the I/O APIC to a notification.
#include <tests/system/devices/ports.hpp>
#include <tests/system/lib/victim.hpp>

using namespace ports;
using test::Cap;
using test::Word;

namespace {

/// Its pin of the I/O APIC, and a vector for it.
constexpr Word rtc_pin = 8;
constexpr Word vector = 30;

} // namespace

SYSTEM_TEST("an interrupt through the I/O APIC signals its notification, and again only after it was acknowledged") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{0x100}));
    REQUIRE_VALUE(ports, issue(rtc_index, rtc_data));
    REQUIRE_VALUE(slot, test::space().allocate());
    REQUIRE_OK(irq_control.get_ioapic(slot.ref(), {.pin = rtc_pin}, vector));
    const auto handler = Cap<sys::IrqHandler>::adopt(std::move(slot));
    REQUIRE_OK(handler->set_notification(badged));
    REQUIRE_VALUE(control, rtc_read(ports, rtc_b));
    CHECK_OK(rtc_write(ports, rtc_a, 0x26)); // 1024 Hz
    CHECK_OK(rtc_write(ports, rtc_b, control | rtc_periodic));
    CHECK_OK(rtc_read(ports, rtc_c));
    for (unsigned round = 0; round < 20; ++round) {
        Word badge = 0;
        REQUIRE(test::wait_until([&] { return (badge = notification->poll().value) != 0; }));
        CHECK_EQUAL(badge, 0x100);
        // Masked until acknowledged: the device goes on, nobody hears of it.
        CHECK_OK(rtc_read(ports, rtc_c));
        if (round < 3)
            CHECK(!test::wait_until([&] { return notification->poll().value != 0; }, 10));
        // In this order: an edge while the pin is masked is lost, and the device waits for its register to be read.
        REQUIRE_OK(handler->acknowledge());
        CHECK_OK(rtc_read(ports, rtc_c));
    }
    CHECK_OK(rtc_write(ports, rtc_b, control));
    CHECK_OK(rtc_read(ports, rtc_c));
}

SYSTEM_TEST("R13: an interrupt storm during a thousand spawns is harmless") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{1}));
    REQUIRE_VALUE(ports, issue(rtc_index, rtc_data));
    REQUIRE_VALUE(slot, test::space().allocate());
    REQUIRE_OK(irq_control.get_ioapic(slot.ref(), {.pin = rtc_pin}, vector));
    const auto handler = Cap<sys::IrqHandler>::adopt(std::move(slot));
    REQUIRE_OK(handler->set_notification(badged));
    REQUIRE_VALUE(control, rtc_read(ports, rtc_b));
    REQUIRE_OK(rtc_write(ports, rtc_a, 0x23)); // 8192 Hz
    REQUIRE_OK(rtc_write(ports, rtc_b, control | rtc_periodic));
    REQUIRE_VALUE(spawn_memory, test::make_untyped(test::Victim::memory_bits));
    unsigned interrupts = 0;
    // A thousand at least, and as many more as it takes on a fast machine to be interrupted often.
    for (unsigned i = 0; i < 1000 || (interrupts <= 50 && i < 100000); ++i) {
        test::Victim victim;
        REQUIRE_OK(victim.make(spawn_memory));
        REQUIRE_OK(victim.tcb().spawn(victim.spawn_arguments(snippet_done)));
        REQUIRE(victim.next_fault().value_or(test::Fault{}).is_done());
        if (notification->poll().value == 0)
            continue;
        ++interrupts;
        REQUIRE_OK(handler->acknowledge());
        REQUIRE_OK(rtc_read(ports, rtc_c));
    }
    CHECK(interrupts > 50);
    CHECK_OK(rtc_write(ports, rtc_b, control));
    CHECK_OK(rtc_read(ports, rtc_c));
}

SYSTEM_TEST("interrupt lines: wrong vector, pin and I/O APIC are refused; a vector is given out once") {
    REQUIRE_VALUE(slot, test::space().allocate());
    CHECK_REFUSED(irq_control.get(8, slot.ref()), abi::Error::illegal_operation);
    CHECK_REFUSED(irq_control.get_ioapic(slot.ref(), {.pin = rtc_pin}, 108), abi::Error::range_error, 0, 107);
    CHECK_REFUSED(irq_control.get_ioapic(slot.ref(), {.ioapic = 9, .pin = rtc_pin}, vector), abi::Error::range_error);
    CHECK_REFUSED(irq_control.get_ioapic(slot.ref(), {.pin = 240}, vector), abi::Error::range_error);
    REQUIRE_OK(irq_control.get_ioapic(slot.ref(), {.pin = rtc_pin}, vector));
    const auto handler = Cap<sys::IrqHandler>::adopt(std::move(slot));
    REQUIRE_VALUE(second, test::space().allocate());
    CHECK_REFUSED(irq_control.get_ioapic(second.ref(), {.pin = 9}, vector), abi::Error::revoke_first);
    CHECK_REFUSED(handler->set_notification(sys::Notification(abi::root_slot::tcb)), abi::Error::invalid_capability, 0);
}
