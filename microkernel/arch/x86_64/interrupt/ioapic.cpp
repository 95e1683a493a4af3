// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/interrupt/ioapic.hpp>

#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <lib/assert.hpp>
#include <mem/layout.hpp>

#include <array>

namespace kernel::x86 {

namespace {

constexpr unsigned select = 0x00, data = 0x10; // the only two registers in memory
constexpr uint32_t version = 0x01, redirection = 0x10;

constinit std::array<uint16_t, max_io_apics> pins{};
constinit unsigned ioapics = 0;

VirtAddr address_of(unsigned ioapic, unsigned offset) {
    return layout::device_window + ioapic_window_page(ioapic) * 4096 + offset;
}
uint32_t read(unsigned ioapic, uint32_t index) {
    mmio_write32(address_of(ioapic, select), index);
    return mmio_read32(address_of(ioapic, data));
}
void write(unsigned ioapic, uint32_t index, uint32_t value) {
    mmio_write32(address_of(ioapic, select), index);
    mmio_write32(address_of(ioapic, data), value);
}

/// The low half holds the mask bit: it is written last when a pin is set up, alone when it is masked.
void write_low(unsigned ioapic, unsigned pin, Redirection entry) { write(ioapic, redirection + 2 * pin, entry.low()); }
Redirection read_low(unsigned ioapic, unsigned pin) { return Redirection(read(ioapic, redirection + 2 * pin)); }

} // namespace

void ioapic_init(unsigned count) {
    ASSERT(count <= max_io_apics, "as many I/O APICs as the device window has pages for");
    ioapics = count;
    for (unsigned i = 0; i < count; i++) {
        pins[i] = static_cast<uint16_t>((read(i, version) >> 16 & 0xff) + 1);
        for (unsigned pin = 0; pin < pins[i]; pin++)
            ioapic_mask(i, pin);
    }
}

unsigned ioapic_count() { return ioapics; }

unsigned ioapic_pins(unsigned ioapic) { return pins[ioapic]; }

void ioapic_route(unsigned ioapic, unsigned pin, unsigned vector, Trigger trigger, Polarity polarity) {
    ASSERT(ioapic < ioapics && pin < pins[ioapic], "interrupts are routed from pins that exist");
    const Redirection entry(vector, trigger, polarity, lapic_id());
    ioapic_mask(ioapic, pin);
    write(ioapic, redirection + 2 * pin + 1, entry.high());
    write_low(ioapic, pin, entry);
}

void ioapic_mask(unsigned ioapic, unsigned pin) { write_low(ioapic, pin, read_low(ioapic, pin).masked(true)); }

void ioapic_unmask(unsigned ioapic, unsigned pin) { write_low(ioapic, pin, read_low(ioapic, pin).masked(false)); }

} // namespace kernel::x86
