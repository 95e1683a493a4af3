// SPDX-License-Identifier: BSD-2-Clause
// kernel_main: how the kernel starts, as a table of contents. Called once by arch/x86_64/boot/head.S.
#include <arch/x86_64/boot/machine.hpp>
#include <arch/x86_64/cpu/fpu.hpp>
#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/cpu/tables.hpp>
#include <boot/command_line.hpp>
#include <boot/root_task.hpp>
#include <check/deliberate_bug.hpp>
#include <config.hpp>
#include <lib/log.hpp>

namespace kernel {

namespace {

constinit Machine machine{};

} // namespace

/// `magic` and `info` as the boot loader left them in EAX and EBX.
extern "C" [[noreturn]] void kernel_main(uint32_t magic, uint32_t info) {
    const uint64_t entered = x86::rdtsc();
    start_log();
    log("Umbra {} ({} kernel)", config::version, config::variant);

    x86::load_tables(); // from here on an exception is a panic, not a reset
    log("KERNEL: _start entry (GDT loaded)");
    log("KERNEL_MAIN: Entered.");

    x86::read_boot_information(machine, magic, info);
    const Text command_line = machine.image.command_line.value_or("");
    if (command_line::has(command_line, "bench"))
        log("BENCH boot.entry {}", entered); // tools/bench: from here on it is ours
    [[maybe_unused]] const Bug bug = bug_named(command_line::value_of(command_line, "bug").value_or(""));
    x86::identify_cpu(machine);
    x86::find_controllers(machine); // ACPI tables: only the first page tables show them
    x86::set_up_paging(machine);
    log("KERNEL_MAIN: Memory System initialized (Advanced).");

    x86::enable_fpu(machine.features);
    x86::enable_syscall();
    x86::set_up_interrupts(machine);
    x86::set_up_clock(machine);
    log("KERNEL_MAIN: System timer initialized - preemptive multitasking enabled");

    if constexpr (config::debug)
        commit(bug);
    start_root_task(machine);
}

} // namespace kernel
