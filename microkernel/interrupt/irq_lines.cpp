// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/interrupt/lapic.hpp>
#include <cap/derivation.hpp>
#include <interrupt/irq_lines.hpp>
#include <ipc/notification_ipc.hpp>

namespace kernel {
namespace {

/// Nothing for an MSI.
void set_mask(const IrqLine& irq, bool masked) {
    if (irq.kind == IrqLine::Kind::ioapic)
        x86::ioapic_set_mask(irq.ioapic, irq.pin, irq.entry.masked(masked));
}

} // namespace

bool irq_line_in_use(unsigned line) { return kernel_state.irqs[line].kind != IrqLine::Kind::free; }

void route_ioapic_irq(unsigned line, unsigned ioapic, unsigned pin, x86::Trigger trigger, x86::Polarity polarity) {
    IrqLine& irq = kernel_state.irqs[line];
    irq.kind = IrqLine::Kind::ioapic;
    irq.ioapic = static_cast<uint8_t>(ioapic);
    irq.pin = static_cast<uint8_t>(pin);
    irq.entry = x86::Redirection(x86::vector::device_first + line, trigger, polarity, x86::lapic_id());
    x86::ioapic_route(ioapic, pin, irq.entry.masked(false));
}

void route_msi_irq(unsigned line) { kernel_state.irqs[line].kind = IrqLine::Kind::msi; }

void free_irq_line(unsigned line) {
    IrqLine& irq = kernel_state.irqs[line];
    set_mask(irq, true);
    irq.kind = IrqLine::Kind::free;
    if (!irq.handler.is_empty())
        remove_capability(irq.handler);
}

void acknowledge_irq(unsigned line) { set_mask(kernel_state.irqs[line], false); }

void deliver_irq(unsigned line) {
    const IrqLine& irq = kernel_state.irqs[line];
    set_mask(irq, true);
    const Capability& handler = irq.handler.cap;
    if (handler.is(CapType::notification))
        signal(*window<Notification>(handler.object()), handler.badge());
}

} // namespace kernel
