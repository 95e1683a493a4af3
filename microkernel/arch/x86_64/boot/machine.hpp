// SPDX-License-Identifier: BSD-2-Clause
// The steps by which the kernel takes over the machine, in the order in which boot/main.cpp calls them. Each panics
// with a reason of its own if it cannot be done.
#pragma once

#include <acpi/madt.hpp>
#include <arch/x86_64/boot/early_paging.hpp>

namespace kernel {

/// What the machine is, once the kernel has taken it over.
struct Machine {
    BootImage image; ///< of its memory the kernel image, its page tables and the APICs are held
    x86::CpuFeatures features;
    InterruptControllers controllers;
    x86::RangeList window; ///< what the window to physical memory shows
    PhysAddr kernel_pml4; ///< entries 256-511 go into every address space; 0-255 are empty
    uint64_t tsc_hz;
};

namespace x86 {

/// Reads what the boot loader left, and starts the list of who uses which memory.
void read_boot_information(Machine& machine, uint32_t magic, uint32_t info);

/// Finds out what the CPU can do. Refuses one that cannot do enough.
void identify_cpu(Machine& machine);

/// Finds the interrupt controllers in the ACPI tables. While boot/head.S's tables show them: before set_up_paging.
void find_controllers(Machine& machine);

/// Makes and loads the kernel's own page tables; from here on its text cannot be written, and nothing is mapped in the
/// user half. Control registers as the kernel wants them.
void set_up_paging(Machine& machine);

/// Masks the 8259s and every pin of the I/O APICs, switches the local APIC on.
void set_up_interrupts(const Machine& machine);

/// Measures the TSC and readies the timer.
void set_up_clock(Machine& machine);

} // namespace x86

} // namespace kernel
