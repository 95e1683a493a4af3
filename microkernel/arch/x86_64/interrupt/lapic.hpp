// SPDX-License-Identifier: BSD-2-Clause
// The local APIC of this CPU: end of interrupt, and the one timer that the kernel keeps (SDM Vol. 3A, "Advanced
// Programmable Interrupt Controller"). Registers in memory (xAPIC mode), in the first page of the device window.
#pragma once

#include <arch/x86_64/cpu/instructions.hpp>
#include <mem/layout.hpp>

namespace kernel::x86 {

/// Where the registers are mapped.
inline constexpr unsigned lapic_window_page = 0;

/// Switches the local APIC at `address` on, with every source of interrupts masked but NMI. Panics if the CPU has it
/// elsewhere. `has_deadline`: the timer takes TSC values (CPUID.1:ECX.24).
void lapic_init(PhysAddr address, bool has_deadline);

/// Its number, as interrupt messages name their destination.
uint8_t lapic_id();

/// The interrupt being served is done; the next may come.
inline void lapic_end_of_interrupt() {
    constexpr Word end_of_interrupt = 0xb0;
    mmio_write32(layout::device_window + lapic_window_page * 4096 + end_of_interrupt, 0);
}

/// Timer ticks until it would go off; counts down from the largest value after lapic_start_count. For calibration.
void lapic_start_count();
uint32_t lapic_count();

/// Timer ticks per TSC tick, as a fraction of 2^32. Not needed with TSC deadlines.
void lapic_set_ratio(uint64_t timer_ticks_per_tsc_tick_32);

/// One interrupt (vector::timer) when the TSC has reached `deadline`, soon if it has already. Replaces the deadline
/// set before. A deadline very far away may come early: whoever is called looks at the time and sets it again.
void set_timer(uint64_t deadline);

} // namespace kernel::x86
