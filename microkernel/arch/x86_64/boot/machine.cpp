// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/boot/machine.hpp>

#include <acpi/tables.hpp>
#include <arch/x86_64/boot/early_paging.hpp>
#include <arch/x86_64/cpu/control.hpp>
#include <arch/x86_64/cpu/tables.hpp>
#include <arch/x86_64/interrupt/clock.hpp>
#include <arch/x86_64/interrupt/ioapic.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <arch/x86_64/interrupt/pic.hpp>
#include <arch/x86_64/linker.hpp>
#include <arch/x86_64/panic.hpp>
#include <boot/multiboot2.hpp>
#include <lib/log.hpp>
#include <mem/direct_map.hpp>

namespace kernel::x86 {

namespace {

template <class T, class E>
T expect(const Result<T, E>& result) {
    if (!result)
        panic(describe(result.error()));
    return *result;
}

PhysAddr physical_of(const char* symbol) {
    return PhysAddr(reinterpret_cast<Word>(symbol) - layout::kernel_image.raw());
}

PhysRange kernel_image() { return {physical_of(image_start), physical_of(image_end)}; }

/// Physical memory as boot/head.S's tables show it.
struct EarlyWindow {
    std::span<const std::byte> bytes(PhysRange range) const {
        if (range.is_empty() || range.end > KernelTables::table_limit)
            return {};
        return {window<std::byte>(range.start), range.size()};
    }
};

/// Text, constants, data, then each stack without the page below it.
FixedList<ImagePart, 8> image_parts() {
    const PhysAddr data = physical_of(data_start);
    const PhysAddr guards[] = {physical_of(kernel_stack_guard), physical_of(double_fault_stack_guard),
                               physical_of(nmi_stack_guard),    physical_of(machine_check_stack_guard),
                               physical_of(debug_stack_guard),  physical_of(image_end)};
    FixedList<ImagePart, 8> parts;
    bool fits = parts.push({{kernel_image().start, physical_of(rodata_start)}, Mapping::code}) &&
                parts.push({{physical_of(rodata_start), data}, Mapping::constants}) &&
                parts.push({{data, guards[0]}, Mapping::data});
    for (unsigned i = 0; i + 1 < sizeof(guards) / sizeof(guards[0]); i++)
        fits = fits && parts.push({{guards[i] + page_sizes[0], guards[i + 1]}, Mapping::data});
    ASSERT(fits, "the list has room for every part of the image");
    return parts;
}

PhysRange page_at(PhysAddr address) {
    const PhysAddr page(align_down(address.raw(), page_sizes[0]));
    return {page, page + page_sizes[0]};
}

/// Register pages of the APICs, where interrupt/lapic.cpp and ioapic.cpp look for them.
void map_devices(Machine& machine, KernelTables& tables) {
    const auto map = [&](PhysAddr address, unsigned window_page) {
        const PhysRange page = page_at(address);
        if (page.start != address)
            panic("an APIC whose registers do not start a page");
        expect(machine.memory.hold(page));
        expect(tables.map(layout::device_window + window_page * page_sizes[0], page, Mapping::device));
    };
    map(machine.controllers.local_apic, lapic_window_page);
    for (unsigned i = 0; i < machine.controllers.io_apics.size(); i++)
        map(machine.controllers.io_apics[i].address, ioapic_window_page(i));
}

void log_features(const CpuFeatures& f) {
    struct Feature {
        bool present;
        const char* name;
    };
    const Feature features[] = {{f.no_execute, " NX"},
                                {f.smep, " SMEP"},
                                {f.smap, " SMAP"},
                                {f.umip, " UMIP"},
                                {f.pcid, " PCID"},
                                {f.fsgsbase, " FSGSBASE"},
                                {f.xsave, " XSAVE"},
                                {!f.xsave, " FXSAVE"},
                                {f.huge_pages, " 1-GiB-pages"},
                                {f.tsc_deadline, " TSC-deadline"}};
    log_text("CPU: ");
    log_text(text_at(f.vendor.data()));
    for (const Feature& feature : features)
        log_text(feature.present ? text_at(feature.name) : Text());
    log_text("\n");
}

} // namespace

void read_boot_information(Machine& machine, uint32_t magic, PhysAddr info) {
    expect(check_handover(magic, info, kernel_image()));
    const std::span<const std::byte> mapped = EarlyWindow{}.bytes({info, KernelTables::table_limit});
    expect(read_multiboot2(info, mapped, kernel_image(), machine.image));
    machine.memory.start(machine.image);
    expect(machine.memory.hold(kernel_image()));
    expect(machine.memory.avoid(machine.image.info));
}

void identify_cpu(Machine& machine) {
    machine.features = read_features();
    if (const char* missing = missing_feature(machine.features))
        panic_formatted("this CPU has no {}", missing);
    log_features(machine.features);
    if (machine.features.smap)
        patch_clac();
}

void find_controllers(Machine& machine) {
    if (!machine.image.acpi)
        panic("the boot loader passed no ACPI root pointer");
    EarlyWindow memory;
    expect(find_interrupt_controllers(*machine.image.acpi, memory, machine.controllers));
}

void set_up_paging(Machine& machine) {
    expect(list_ram(machine.memory, machine.image, machine.window));
    KernelTables tables(machine.memory, machine.features);
    expect(tables.start());
    expect(map_kernel(tables, image_parts().values(), machine.window.values()));
    map_devices(machine, tables);
    machine.kernel_pml4 = tables.pml4();
    Cr3(tables.pml4(), 0).write();
    set_control_registers(machine.features);
}

void set_up_interrupts(const Machine& machine) {
    pic_disable();
    lapic_init(machine.controllers.local_apic, machine.features.tsc_deadline);
    ioapic_init(static_cast<unsigned>(machine.controllers.io_apics.size()));
}

void set_up_clock(Machine& machine) {
    const ClockRates rates = measure_clocks();
    if (rates.tsc_hz == 0)
        panic("there is no PIT to measure the time-stamp counter with");
    machine.tsc_hz = rates.tsc_hz;
    lapic_set_ratio(rates.ratio_32);
}

} // namespace kernel::x86
