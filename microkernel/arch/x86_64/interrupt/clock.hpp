// SPDX-License-Identifier: BSD-2-Clause
// How fast the time-stamp counter and the local APIC's timer run, measured against the PIT (channel 2, 1193182 Hz)
// while the kernel starts. CPUID leaves 15h and 16h are not asked: emulators fill them with the numbers of the CPU that
// they imitate, not of the clock that they run.
#pragma once

#include <cstdint>

namespace kernel::x86 {

/// Three clocks read at one moment, as nearly as possible.
struct ClockSample {
    uint64_t tsc;
    uint16_t pit; ///< counts down
    uint32_t timer; ///< local APIC timer, counts down
};

struct ClockRates {
    uint64_t tsc_hz = 0; ///< 0 = there is no PIT that counts
    uint64_t ratio_32 = 0; ///< local APIC timer ticks per TSC tick, in 1/2^32
};

/// From two samples 2 to 54 ms apart; no rates if they are nearer.
ClockRates rates_between(const ClockSample& first, const ClockSample& second);

/// Better than 0.5 %: so far do two measurements agree, and they are repeated until they do.
bool agree(const ClockRates& a, const ClockRates& b);

/// Takes about 4 ms. Needs lapic_init. Leaves the PIT silent.
ClockRates measure_clocks();

} // namespace kernel::x86
