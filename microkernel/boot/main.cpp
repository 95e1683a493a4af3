// SPDX-License-Identifier: BSD-2-Clause
// How the kernel starts: the steps by which it takes over the machine, and in kernel_main their order. What cannot be
// done is a panic with a reason of its own.
#include <acpi/madt.hpp>
#include <arch/x86_64/boot/early_paging.hpp>
#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/fpu.hpp>
#include <arch/x86_64/cpu/tables.hpp>
#include <arch/x86_64/interrupt/clock.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <arch/x86_64/interrupt/pic.hpp>
#include <arch/x86_64/linker.hpp>
#include <boot/command_line.hpp>
#include <boot/multiboot2.hpp>
#include <boot/root_task.hpp>
#include <check/deliberate_bug.hpp>
#include <check/watch.hpp>
#include <lib/assert.hpp>
#include <lib/log.hpp>
#include <paging_ring.hpp>
#include <space/address_space.hpp>

namespace kernel {

namespace {

constinit BootImage boot_image{}; // too large for the stack

PhysAddr physical_of(const char* symbol) {
    return PhysAddr(reinterpret_cast<Word>(symbol) - layout::kernel_image.raw());
}

/// Physical memory as boot/head.S's tables show it.
ByteView early_memory() { return std::span(window<const std::byte>(PhysAddr(0)), x86::early_window_bytes); }

/// `isolation=on` or `off`; without such a word as the CPU needs it.
bool wants_isolation(Text command_line) {
    const auto word = command_line::value_of(command_line, "isolation");
    require(!word || *word == "on" || *word == "off", "the boot option isolation is neither on nor off");
    return word ? *word == "on" : x86::leaks_kernel_memory();
}

/// What the CPU can do, and what the boot options make of it.
void choose_features(Text command_line, x86::CpuFeatures& features) {
    features = x86::read_features();
    x86::log_features(features);
    x86::check_features(features);
    const bool wants_avx = command_line::has(command_line, "avx");
    require(!wants_avx || (features.avx && features.xsave), "this CPU has no AVX, which a boot option asks for");
    features.avx = wants_avx;
    features.rdpmc = command_line::has(command_line, "rdpmc");
    features.isolation = wants_isolation(command_line);
    if (features.isolation) {
        log("KERNEL: page-table isolation");
        features.global_pages = false;
        features.pcid = features.pcid && features.invpcid;
        x86::isolate_entries();
    }
    if (features.smap)
        x86::patch_clac();
}

void map_part(x86::KernelTables& tables, const char* start, const char* end, x86::Mapping mapping) {
    const PhysRange range{physical_of(start), physical_of(end)};
    tables.map(layout::kernel_image + range.start.raw(), range, mapping);
}

/// A stack without the page below it.
void map_stack(x86::KernelTables& tables, const x86::StackSymbols& stack) {
    map_part(tables, stack.guard + sizeof(Table), stack.top, x86::Mapping::data);
}

/// Text, constants, data, stacks.
void map_image(x86::KernelTables& tables) {
    map_part(tables, image_start, rodata_start, x86::Mapping::code);
    map_part(tables, rodata_start, data_start, x86::Mapping::constants);
    map_part(tables, data_start, kernel_stack_guard, x86::Mapping::data);
    for (const x86::StackSymbols& stack : x86::stacks)
        map_stack(tables, stack);
}

/// What ring 3 must have of the kernel to get into it: all stacks but the first, on which C++ runs.
PhysAddr make_entry_tables() {
    x86::KernelTables tables(boot_image.memory, kernel_state.features);
    map_part(tables, entry_text_start, entry_text_end, x86::Mapping::code);
    map_part(tables, entry_data_start, entry_data_end, x86::Mapping::data);
    for (size_t i = 1; i < std::size(x86::stacks); i++)
        map_stack(tables, x86::stacks[i]);
    return tables.pml4();
}

/// Register pages of the APICs, where interrupt/lapic.cpp and ioapic.cpp look for them.
void map_devices(x86::KernelTables& tables, const InterruptControllers& controllers) {
    const auto map = [&](PhysAddr page, unsigned window_page) {
        const PhysRange range{page, page + sizeof(Table)};
        boot_image.memory.claim(range, MemoryUse::held);
        tables.map(layout::device_window + window_page * sizeof(Table), range, x86::Mapping::device);
    };
    map(controllers.local_apic, x86::lapic_window_page);
    for (unsigned i = 0; i < controllers.io_apics.size(); i++)
        map(controllers.io_apics[i], x86::ioapic_window_page(i));
}

/// Makes and loads the kernel's own page tables; from here on its text cannot be written, and nothing is mapped in the
/// user half.
void set_up_paging(const InterruptControllers& controllers) {
    x86::list_ram(boot_image.memory, kernel_state.ram);
    x86::KernelTables tables(boot_image.memory, kernel_state.features);
    map_image(tables);
    for (const PhysRange& range : kernel_state.ram)
        tables.map(layout::physical_window + range.start.raw(), range, x86::Mapping::data);
    map_devices(tables, controllers);
    kernel_state.kernel_pml4 = tables.pml4();
    kernel_state.visible_pml4 = kernel_state.features.isolation ? make_entry_tables() : tables.pml4();
    set_control_registers(kernel_state.features); // execute-never is reserved in table entries without EFER.NXE
    x86::Cr3(tables.pml4(), 0).write();
    if (kernel_state.features.isolation)
        x86::entry_area.kernel_cr3 = x86::entry_area.user_cr3 = loaded_cr3(true).raw();
}

/// Masks the 8259s and every pin of the I/O APICs, switches the local APIC on.
void set_up_interrupts(const InterruptControllers& controllers) {
    x86::pic_disable();
    x86::lapic_init(controllers.local_apic, kernel_state.features.tsc_deadline);
    x86::ioapic_init(static_cast<unsigned>(controllers.io_apics.size()));
}

void set_up_clock() {
    const x86::ClockRates rates = x86::measure_clocks();
    require(rates.tsc_hz != 0, "there is no PIT to measure the time-stamp counter with");
    x86::lapic_set_ratio(rates.ratio_32);
    kernel_state.tsc_mhz = (rates.tsc_hz + 500'000) / 1'000'000;
    paging_ring.ticks_per_microsecond = kernel_state.tsc_mhz;
    kernel_state.min_budget = kernel_state.ticks(min_budget_us);
    kernel_state.release.seed(x86::rdtsc());
}

} // namespace

/// `magic` and `info` as the boot loader left them in EAX and EBX. Called once by arch/x86_64/boot/head.S.
extern "C" [[noreturn]] void kernel_main(uint32_t magic, uint32_t info) {
    const uint64_t entered = x86::rdtsc();
    start_log();
    log("Umbra {} ({} kernel)", config::version, config::variant);

    x86::load_tables(); // from here on an exception is a panic, not a reset
    log("KERNEL: _start entry (GDT loaded)");
    log("KERNEL_MAIN: Entered.");

    read_multiboot2(magic, info, early_memory(), {physical_of(image_start), physical_of(image_end)}, boot_image);
    const Text command_line = boot_image.command_line.value_or("");
    if (command_line::has(command_line, "bench"))
        log("BENCH boot.entry {}", entered); // tools/bench: from here on it is ours
    [[maybe_unused]] const Bug bug = bug_named(command_line::value_of(command_line, "bug").value_or(""));

    if constexpr (config::debug)
        choose_checks(command_line);
    choose_features(command_line, kernel_state.features);
    kernel_state.msr_calls = command_line::has(command_line, "msr");
    InterruptControllers controllers;
    require(boot_image.acpi.has_value(), "the boot loader passed no ACPI root pointer");
    find_interrupt_controllers(*boot_image.acpi, early_memory(), controllers);
    set_up_paging(controllers);
    log("KERNEL_MAIN: Memory System initialized (Advanced).");

    x86::enable_fpu(kernel_state.features);
    x86::enable_syscall();
    set_up_interrupts(controllers);
    set_up_clock();
    log("KERNEL_MAIN: System timer initialized - preemptive multitasking enabled");

    if constexpr (config::debug)
        commit(bug, 0x40'0000);
    start_root_task(boot_image);
}

} // namespace kernel
