// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/interrupt/lapic.hpp>

#include <arch/x86_64/cpu/registers.hpp>
#include <arch/x86_64/interrupt/vectors.hpp>
#include <lib/assert.hpp>

namespace kernel::x86 {

namespace {

/// Offsets of the registers (SDM Vol. 3A, "Local APIC Register Address Map").
enum Register : unsigned {
    id = 0x20,
    version = 0x30,
    task_priority = 0x80,
    spurious = 0xf0,
    lvt_timer = 0x320,
    lvt_thermal = 0x330,
    lvt_performance = 0x340,
    lvt_lint0 = 0x350,
    lvt_lint1 = 0x360,
    lvt_error = 0x370,
    initial_count = 0x380,
    current_count = 0x390,
    divide_configuration = 0x3e0,
};

constexpr uint32_t lvt_masked = 1 << 16;
constexpr uint32_t lvt_nmi = 4 << 8;
constexpr uint32_t timer_deadline_mode = 2 << 17;
constexpr uint32_t software_enable = 1 << 8;
constexpr uint32_t divide_by_1 = 0b1011;
constexpr uint32_t longest_count = 0xffff'ffff;

constexpr uint64_t base_enable = 1 << 11, base_x2apic = 1 << 10;
constexpr uint64_t base_address = 0x000f'ffff'ffff'f000;

constinit bool uses_deadline = false;
constinit uint64_t ratio_32 = 0;

VirtAddr address_of(Register r) { return layout::device_window + lapic_window_page * 4096 + r; }
uint32_t read(Register r) { return mmio_read32(address_of(r)); }
void write(Register r, uint32_t value) { mmio_write32(address_of(r), value); }

} // namespace

void lapic_init(PhysAddr address, bool has_deadline) {
    uint64_t base = rdmsr(msr::apic_base);
    if ((base & base_enable) == 0 || (base & base_x2apic) != 0) {
        // x2APIC mode is left through "disabled" only.
        wrmsr(msr::apic_base, base & ~(base_enable | base_x2apic));
        base = (base & ~base_x2apic) | base_enable;
        wrmsr(msr::apic_base, base);
    }
    if ((base & base_address) != address.raw())
        panic("the MADT and the CPU name different addresses of the local APIC");

    const unsigned highest_lvt = read(version) >> 16 & 0xff;
    write(lvt_timer, lvt_masked | vector::timer);
    write(lvt_lint0, lvt_masked);
    write(lvt_lint1, lvt_nmi);
    write(lvt_error, lvt_masked | vector::spurious);
    if (highest_lvt >= 4)
        write(lvt_performance, lvt_masked | vector::spurious);
    if (highest_lvt >= 5)
        write(lvt_thermal, lvt_masked | vector::spurious);
    write(task_priority, 0);
    write(spurious, software_enable | vector::spurious);
    write(divide_configuration, divide_by_1);
    uses_deadline = has_deadline;
    write(lvt_timer, uses_deadline ? timer_deadline_mode | vector::timer : uint32_t{vector::timer});
    mfence(); // a deadline must not overtake the mode (SDM Vol. 3A, "TSC-Deadline Mode")
    lapic_end_of_interrupt(); // one that firmware may have left unfinished
}

uint8_t lapic_id() { return static_cast<uint8_t>(read(id) >> 24); }

void lapic_start_count() { write(initial_count, longest_count); }

uint32_t lapic_count() { return read(current_count); }

void lapic_set_ratio(uint64_t timer_ticks_per_tsc_tick_32) {
    write(initial_count, 0); // stops the count that was measured
    ratio_32 = timer_ticks_per_tsc_tick_32;
}

void set_timer(uint64_t deadline) {
    if (uses_deadline) {
        wrmsr(msr::tsc_deadline, deadline | 1); // 0 would switch it off
        return;
    }
    const uint64_t now = rdtsc();
    const uint64_t ticks = deadline > now ? deadline - now : 0;
    const uint64_t count = static_cast<uint64_t>(static_cast<unsigned __int128>(ticks) * ratio_32 >> 32) + 1;
    write(initial_count, count < longest_count ? static_cast<uint32_t>(count) : longest_count);
}

} // namespace kernel::x86
