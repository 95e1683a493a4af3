// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/boot/machine.hpp>

#include <arch/x86_64/boot/early_paging.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <arch/x86_64/cpu/tables.hpp>
#include <arch/x86_64/interrupt/clock.hpp>
#include <arch/x86_64/interrupt/ioapic.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <arch/x86_64/interrupt/pic.hpp>
#include <arch/x86_64/linker.hpp>
#include <boot/multiboot2.hpp>
#include <lib/assert.hpp>
#include <mem/direct_map.hpp>

namespace kernel::x86 {

namespace {

PhysAddr physical_of(const char* symbol) {
    return PhysAddr(reinterpret_cast<Word>(symbol) - layout::kernel_image.raw());
}

/// Physical memory as boot/head.S's tables show it.
ByteView early_memory() { return std::span(window<const std::byte>(PhysAddr(0)), early_window_bytes); }

/// Text, constants, data, then each stack without the page below it.
void map_image(KernelTables& tables) {
    const auto map = [&](const char* start, const char* end, Mapping mapping) {
        const PhysRange range{physical_of(start), physical_of(end)};
        tables.map(layout::kernel_image + range.start.raw(), range, mapping);
    };
    map(image_start, rodata_start, Mapping::code);
    map(rodata_start, data_start, Mapping::constants);
    map(data_start, kernel_stack_guard, Mapping::data);
    for (const StackSymbols& stack : stacks)
        map(stack.guard + sizeof(Table), stack.top, Mapping::data);
}

/// Register pages of the APICs, where interrupt/lapic.cpp and ioapic.cpp look for them.
void map_devices(Machine& machine, KernelTables& tables) {
    const auto map = [&](PhysAddr page, unsigned window_page) {
        const PhysRange range{page, page + sizeof(Table)};
        machine.image.memory.claim(range, MemoryUse::held);
        tables.map(layout::device_window + window_page * sizeof(Table), range, Mapping::device);
    };
    map(machine.controllers.local_apic, lapic_window_page);
    for (unsigned i = 0; i < machine.controllers.io_apics.size(); i++)
        map(machine.controllers.io_apics[i], ioapic_window_page(i));
}

} // namespace

void read_boot_information(Machine& machine, uint32_t magic, uint32_t info) {
    read_multiboot2(magic, info, early_memory(), {physical_of(image_start), physical_of(image_end)}, machine.image);
}

void identify_cpu(Machine& machine) {
    machine.features = read_features();
    log_features(machine.features);
    check_features(machine.features);
    if (machine.features.smap)
        patch_clac();
}

void find_controllers(Machine& machine) {
    require(machine.image.acpi.has_value(), "the boot loader passed no ACPI root pointer");
    find_interrupt_controllers(*machine.image.acpi, early_memory(), machine.controllers);
}

void set_up_paging(Machine& machine) {
    list_ram(machine.image.memory, machine.window);
    KernelTables tables(machine.image.memory, machine.features);
    map_image(tables);
    for (const PhysRange& range : machine.window)
        tables.map(layout::physical_window + range.start.raw(), range, Mapping::data);
    map_devices(machine, tables);
    machine.kernel_pml4 = tables.pml4();
    set_control_registers(machine.features); // execute-never is reserved in table entries without EFER.NXE
    Cr3(tables.pml4(), 0).write();
}

void set_up_interrupts(const Machine& machine) {
    pic_disable();
    lapic_init(machine.controllers.local_apic, machine.features.tsc_deadline);
    ioapic_init(static_cast<unsigned>(machine.controllers.io_apics.size()));
}

void set_up_clock(Machine& machine) {
    const ClockRates rates = measure_clocks();
    require(rates.tsc_hz != 0, "there is no PIT to measure the time-stamp counter with");
    machine.tsc_hz = rates.tsc_hz;
    lapic_set_ratio(rates.ratio_32);
}

} // namespace kernel::x86
