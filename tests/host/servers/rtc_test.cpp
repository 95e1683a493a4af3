// SPDX-License-Identifier: BSD-2-Clause
// The clock driver against a simulated MC146818.
#include <array>
#include <catch.hpp>
#include <functional>
#include <servers/clock/rtc.hpp>

using namespace clock_service;

namespace {

/// Registers behind an index port. `on_read` may change them under the driver, as time does.
struct FakeClock {
    std::array<uint8_t, 128> registers{};
    uint8_t index = 0;
    int reads = 0;
    std::function<void(FakeClock&)> on_read = [](FakeClock&) {};

    uint8_t in(uint16_t port) {
        REQUIRE(port == rtc_last_port);
        ++reads;
        on_read(*this);
        return registers[index & 0x7f];
    }
    void out(uint16_t port, uint8_t value) {
        if (port == rtc_first_port)
            index = value;
        else
            registers[index & 0x7f] = value;
    }
    void set(uint8_t year, uint8_t month, uint8_t day, uint8_t hour, uint8_t minute, uint8_t second, uint8_t mode) {
        registers = {};
        registers[0] = second, registers[2] = minute, registers[4] = hour;
        registers[7] = day, registers[8] = month, registers[9] = year, registers[0x0b] = mode;
    }
};

} // namespace

TEST_CASE("clock: decimals and binary numbers, 24 and 12 hours", "[clock]") {
    FakeClock clock;
    Rtc rtc(clock);
    clock.set(0x26, 0x11, 0x24, 0x23, 0x59, 0x58, hours_24);
    CHECK(rtc.now() == DateTime{2026, 11, 24, 23, 59, 58});
    clock.set(26, 11, 24, 23, 59, 58, hours_24 | binary_mode);
    CHECK(rtc.now() == DateTime{2026, 11, 24, 23, 59, 58});
    clock.set(0x26, 0x11, 0x24, 0x12, 0, 0, 0); // 12 am
    CHECK(rtc.now()->hour == 0);
    clock.set(0x26, 0x11, 0x24, 0x12 | afternoon, 0, 0, 0); // 12 pm
    CHECK(rtc.now()->hour == 12);
    clock.set(26, 11, 24, 11 | afternoon, 0, 0, binary_mode);
    CHECK(rtc.now()->hour == 23);
}

TEST_CASE("clock: what is no time is refused", "[clock]") {
    FakeClock clock;
    Rtc rtc(clock);
    clock.set(0x26, 0x02, 0x29, 0, 0, 0, hours_24);
    CHECK_FALSE(rtc.now()); // 2026 is no leap year
    clock.set(0x24, 0x02, 0x29, 0, 0, 0, hours_24);
    CHECK(rtc.now());
    clock.set(0x26, 0x13, 0x01, 0, 0, 0, hours_24);
    CHECK_FALSE(rtc.now());
    clock.set(0x26, 0x12, 0x01, 0x24, 0, 0, hours_24);
    CHECK_FALSE(rtc.now());
    clock.set(0x26, 0x12, 0x0b, 0x10, 0, 0, hours_24); // no decimal
    CHECK_FALSE(rtc.now());
}

TEST_CASE("clock: a machine without one is not waited for", "[clock]") {
    FakeClock clock;
    clock.registers.fill(0xff); // what an empty bus reads as
    CHECK_FALSE(Rtc(clock).now());
    CHECK(clock.reads <= 1000);
}

TEST_CASE("clock: an update between two reads is not half seen", "[clock]") {
    FakeClock clock;
    clock.set(0x26, 0x12, 0x31, 0x23, 0x59, 0x59, hours_24);
    const int at = GENERATE(range(1, 17));
    clock.on_read = [at](FakeClock& self) {
        if (self.reads == at)
            self.set(0x27, 0x01, 0x01, 0, 0, 0, hours_24);
    };
    const auto time = Rtc(clock).now();
    REQUIRE(time);
    const bool before = *time == DateTime{2026, 12, 31, 23, 59, 59};
    const bool after = *time == DateTime{2027, 1, 1, 0, 0, 0};
    CHECK((before || after));
}

TEST_CASE("clock: update interrupts on, others off, and the first one taken", "[clock]") {
    FakeClock clock;
    clock.set(0, 1, 1, 0, 0, 0, static_cast<uint8_t>(hours_24 | periodic_enable | alarm_enable | set_mode));
    Rtc(clock).enable_update_interrupts();
    CHECK(clock.registers[0x0b] == (hours_24 | update_enable));
    CHECK(clock.index == static_cast<uint8_t>(RtcRegister::c));
}

TEST_CASE("clock: seconds since 1970", "[clock]") {
    CHECK(to_unix_seconds({1970, 1, 1, 0, 0, 0}) == 0);
    CHECK(to_unix_seconds({2000, 1, 1, 0, 0, 0}) == 946684800);
    CHECK(to_unix_seconds({2024, 2, 29, 12, 34, 56}) == 1709210096);
    CHECK(to_unix_seconds({2026, 11, 24, 23, 59, 58}) == 1795564798);
}
