// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/interrupt/clock.hpp>

#include <arch/x86_64/interrupt/lapic.hpp>

#include <algorithm>

namespace kernel::x86 {

namespace {

constexpr uint64_t pit_hz = 1'193'182;
constexpr uint16_t pit_channel_2 = 0x42, pit_command = 0x43;
constexpr uint16_t gate_port = 0x61; ///< bit 0: gate of channel 2, bit 1: loudspeaker
constexpr uint8_t count_down_once = 0xb0;  // channel 2, low and high byte, mode 0
constexpr uint8_t latch_channel_2 = 0x80;
constexpr uint16_t least_pit_ticks = pit_hz / 500; // 2 ms
/// A poll is many port accesses, a microsecond or so each: far more than 2 ms can have.
constexpr unsigned most_polls = 100'000;

void start_pit() {
    out8(gate_port, static_cast<uint8_t>((in8(gate_port) & ~3u) | 1));
    out8(pit_command, count_down_once);
    out8(pit_channel_2, 0xff);
    out8(pit_channel_2, 0xff);
}

void stop_pit() { out8(gate_port, static_cast<uint8_t>(in8(gate_port) & ~3u)); }

uint16_t read_pit() {
    const uint8_t low = in8(pit_channel_2);
    return static_cast<uint16_t>(low | in8(pit_channel_2) << 8);
}

/// The quickest of a few: one that an emulator's host interrupted is wide, and its parts belong to different times.
ClockSample sample() {
    constexpr unsigned tries = 8;
    ClockSample best{};
    uint64_t least_width = ~uint64_t{0};
    for (unsigned i = 0; i < tries; i++) {
        const uint64_t before = rdtsc();
        out8(pit_command, latch_channel_2);
        const uint32_t timer = lapic_count();
        const uint64_t width = rdtsc() - before;
        const uint16_t pit = read_pit();
        if (width < least_width)
            best = {before + width / 2, pit, timer};
        least_width = std::min(least_width, width);
    }
    return best;
}

ClockRates measure_once() {
    start_pit();
    lapic_start_count();
    const ClockSample first = sample();
    ClockRates rates;
    for (unsigned i = 0; i < most_polls && rates.tsc_hz == 0; i++)
        rates = rates_between(first, sample());
    stop_pit();
    return rates;
}

} // namespace

ClockRates rates_between(const ClockSample& first, const ClockSample& second) {
    const uint64_t pit_ticks = static_cast<uint16_t>(first.pit - second.pit);
    const uint64_t tsc_ticks = second.tsc - first.tsc;
    const uint64_t timer_ticks = first.timer - second.timer;
    if (pit_ticks < least_pit_ticks || tsc_ticks == 0)
        return {};
    return {tsc_ticks * pit_hz / pit_ticks, (timer_ticks << 32) / tsc_ticks};
}

bool agree(const ClockRates& a, const ClockRates& b) {
    const uint64_t difference = a.tsc_hz > b.tsc_hz ? a.tsc_hz - b.tsc_hz : b.tsc_hz - a.tsc_hz;
    return difference <= a.tsc_hz / 200;
}

ClockRates measure_clocks() {
    constexpr unsigned tries = 16;
    ClockRates last = measure_once();
    for (unsigned i = 0; i < tries; i++) {
        const ClockRates next = measure_once();
        if (agree(last, next))
            return next;
        last = next; // the machine stood still for longer than the PIT takes to come round
    }
    return last;
}

} // namespace kernel::x86
