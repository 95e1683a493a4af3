// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/interrupt/ioapic.hpp>

#include <lib/assert.hpp>

#include <array>

namespace kernel::x86 {

namespace {

constinit std::array<uint16_t, max_io_apics> pins{};
constinit unsigned ioapics = 0;

/// How many pins it has, in bits 16-23, is all that is ever read.
uint32_t read_version(unsigned ioapic) {
    constexpr uint32_t version = 0x01;
    const VirtAddr registers = layout::device_window + ioapic_window_page(ioapic) * 4096;
    mmio_write32(registers, version);
    return mmio_read32(registers + 0x10);
}

} // namespace

void ioapic_init(unsigned count) {
    ASSERT(count <= max_io_apics, "as many I/O APICs as the device window has pages for");
    ioapics = count;
    for (unsigned i = 0; i < count; i++) {
        pins[i] = static_cast<uint16_t>((read_version(i) >> 16 & 0xff) + 1);
        for (unsigned pin = 0; pin < pins[i]; pin++)
            ioapic_set_mask(i, pin, Redirection(0).masked(true));
    }
}

unsigned ioapic_count() { return ioapics; }

unsigned ioapic_pins(unsigned ioapic) { return pins[ioapic]; }

void ioapic_route(unsigned ioapic, unsigned pin, Redirection entry) {
    ASSERT(ioapic < ioapics && pin < pins[ioapic], "interrupts are routed from pins that exist");
    ioapic_set_mask(ioapic, pin, entry.masked(true));
    ioapic_write(ioapic, ioapic_redirection(pin) + 1, entry.high());
    ioapic_set_mask(ioapic, pin, entry);
}

} // namespace kernel::x86
