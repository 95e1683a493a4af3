// SPDX-License-Identifier: BSD-2-Clause
// Local APIC, I/O APIC, 8259 and clock on simulated registers.
#include <support/catch.hpp>

#include <arch/x86_64/cpu/registers.hpp>
#include <arch/x86_64/interrupt/clock.hpp>
#include <arch/x86_64/interrupt/ioapic.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <arch/x86_64/interrupt/pic.hpp>
#include <kernel_host.hpp>
#include <mem/layout.hpp>

namespace {

using namespace kernel;
using namespace kernel::x86;

constexpr PhysAddr lapic_address{0xfee0'0000};
Word lapic_register(unsigned offset) { return layout::device_window.raw() + offset; }
uint32_t lapic_value(unsigned offset) { return simulated.mmio[lapic_register(offset)]; }

void start_lapic(bool has_deadline) {
    simulated.reset();
    simulated.msrs[msr::apic_base] = lapic_address.raw() | 1 << 11 | 1 << 8;
    simulated.mmio[lapic_register(0x30)] = 5 << 16 | 0x14;
    lapic_init(lapic_address, has_deadline);
}

/// Behind the two registers of each I/O APIC: `pins` redirection entries.
struct SimulatedIoApics {
    explicit SimulatedIoApics(unsigned pins) {
        simulated.on_mmio_write = [this, pins](Word address, uint32_t value) {
            const Word page = address & ~Word{0xfff};
            if ((address & 0xfff) == 0) {
                selected[page] = value;
                if (value == 1)
                    registers[{page, 1}] = (pins - 1) << 16 | 0x20;
            } else {
                registers[{page, selected[page]}] = value;
            }
            simulated.mmio[page + 0x10] = registers[{page, selected[page]}];
        };
    }
    uint64_t entry(unsigned ioapic, unsigned pin) {
        const Word page = layout::device_window.raw() + (1 + ioapic) * 4096;
        return registers[{page, 0x10 + 2 * pin}] | uint64_t{registers[{page, 0x11 + 2 * pin}]} << 32;
    }
    std::map<Word, uint32_t> selected;
    std::map<std::pair<Word, uint32_t>, uint32_t> registers;
};

TEST_CASE("local APIC: on, everything masked but NMI and the timer") {
    start_lapic(false);
    constexpr uint32_t masked = 1 << 16;
    CHECK(lapic_value(0xf0) == (1u << 8 | 255));
    for (const unsigned lvt : {0x330u, 0x340u, 0x350u, 0x370u})
        CHECK((lapic_value(lvt) & masked) != 0);
    CHECK(lapic_value(0x360) == 4u << 8);
    CHECK(lapic_value(0x320) == 240);
}

TEST_CASE("local APIC: x2APIC mode is left by way of disabled") {
    simulated.reset();
    simulated.msrs[msr::apic_base] = lapic_address.raw() | 1 << 11 | 1 << 10;
    lapic_init(lapic_address, false);
    CHECK((simulated.msrs[msr::apic_base] & (1 << 11 | 1 << 10)) == 1 << 11);
}

TEST_CASE("local APIC: an address that CPU and MADT disagree about is a panic") {
    simulated.reset();
    simulated.msrs[msr::apic_base] = 0xfec0'0000 | 1 << 11;
    CHECK_THROWS_AS(lapic_init(lapic_address, false), KernelPanic);
}

TEST_CASE("timer: a deadline goes to the CPU as it is, but never as 0") {
    start_lapic(true);
    CHECK(lapic_value(0x320) == (2u << 17 | 240));
    set_timer(0x1'2345'6789);
    CHECK(simulated.msrs[msr::tsc_deadline] == 0x1'2345'6789);
    set_timer(0);
    CHECK(simulated.msrs[msr::tsc_deadline] != 0);
}

TEST_CASE("timer: without deadlines it counts down, never 0 and never too long") {
    start_lapic(false);
    lapic_set_ratio(uint64_t{1} << 31); // one timer tick in two TSC ticks
    simulated.tsc = 1000;
    set_timer(1000 + 2 * 500);
    CHECK(lapic_value(0x380) == 501);
    set_timer(999); // passed
    CHECK(lapic_value(0x380) == 1);
    set_timer(~uint64_t{0});
    CHECK(lapic_value(0x380) == 0xffff'ffff);
}

TEST_CASE("I/O APIC: all pins start masked, and do what they are told") {
    start_lapic(false);
    simulated.mmio[lapic_register(0x20)] = 3u << 24;
    SimulatedIoApics ioapics(24);
    ioapic_init(2);
    CHECK(ioapic_count() == 2);
    CHECK(ioapic_pins(0) == 24);
    for (unsigned pin = 0; pin < 24; pin++)
        CHECK((ioapics.entry(1, pin) & 1 << 16) != 0);

    const Redirection entry(48 + 7, Trigger::level, Polarity::active_low, lapic_id());
    ioapic_route(1, 11, entry);
    CHECK(ioapics.entry(1, 11) == 0x0300'0000'0001'a037);
    CHECK((ioapics.entry(0, 11) & 0xff) == 0); // the other one is left alone
    ioapic_set_mask(1, 11, entry.masked(false));
    CHECK(ioapics.entry(1, 11) == 0x0300'0000'0000'a037);
    ioapic_set_mask(1, 11, entry.masked(true));
    CHECK(ioapics.entry(1, 11) == 0x0300'0000'0001'a037);
    simulated.reset();
}

TEST_CASE("I/O APIC: a pin that is not there is a bug of the kernel") {
    start_lapic(false);
    SimulatedIoApics ioapics(24);
    ioapic_init(1);
    CHECK_THROWS_AS(ioapic_route(0, 24, Redirection(0)), KernelPanic);
    CHECK_THROWS_AS(ioapic_route(1, 0, Redirection(0)), KernelPanic);
    simulated.reset();
}

TEST_CASE("8259: moved behind the exceptions and masked") {
    simulated.reset();
    pic_disable();
    using Write = SimulatedCpu::PortWrite;
    const std::vector<Write> expected = {{0x20, 8, 0x11}, {0x21, 8, 32}, {0x21, 8, 4}, {0x21, 8, 1}, {0x21, 8, 0xff},
                                         {0xa0, 8, 0x11}, {0xa1, 8, 40}, {0xa1, 8, 2}, {0xa1, 8, 1}, {0xa1, 8, 0xff}};
    CHECK(simulated.port_writes == expected);
}

TEST_CASE("clock: rates from two samples, across the PIT's turn") {
    const ClockSample first{1'000'000, 100, 0xffff'0000};
    const ClockSample second{1'000'000 + 20'000'000, static_cast<uint16_t>(100 - 11932), 0xffff'0000 - 10'000'000};
    const ClockRates rates = rates_between(first, second);
    CHECK(rates.tsc_hz / 1'000'000 == 1999); // 11932 PIT ticks are a little more than 10 ms
    CHECK(rates.ratio_32 == uint64_t{1} << 31);
    CHECK(rates_between(first, first).tsc_hz == 0);
    const ClockSample too_near{1'000'000 + 1'000'000, static_cast<uint16_t>(100 - 596), 0xffff'0000 - 500'000};
    CHECK(rates_between(first, too_near).tsc_hz == 0);
}

TEST_CASE("clock: measurements agree to half a percent") {
    CHECK(agree({1'000'000'000, 0}, {1'004'000'000, 0}));
    CHECK_FALSE(agree({1'000'000'000, 0}, {1'006'000'000, 0}));
    CHECK_FALSE(agree({1'000'000'000, 0}, {990'000'000, 0}));
}

TEST_CASE("clock: a machine without a PIT that counts has none") {
    start_lapic(false);
    simulated.tsc_step = 100;
    CHECK(measure_clocks().tsc_hz == 0); // every port reads 0xff
    simulated.reset();
}

} // namespace
