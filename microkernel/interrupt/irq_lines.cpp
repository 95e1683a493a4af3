// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <interrupt/irq_lines.hpp>
#include <ipc/notification_ipc.hpp>
#include <mem/direct_map.hpp>

namespace kernel {
namespace {

bool is_ioapic(const IrqLine& line) {
    return line.kind == IrqLine::Kind::ioapic_edge || line.kind == IrqLine::Kind::ioapic_level;
}

} // namespace

bool irq_line_in_use(unsigned line) { return kernel_state.irqs[line].kind != IrqLine::Kind::free; }

void route_ioapic_irq(unsigned line, unsigned ioapic, unsigned pin, x86::Trigger trigger, x86::Polarity polarity) {
    IrqLine& irq = kernel_state.irqs[line];
    irq.kind = trigger == x86::Trigger::level ? IrqLine::Kind::ioapic_level : IrqLine::Kind::ioapic_edge;
    irq.ioapic = static_cast<uint8_t>(ioapic);
    irq.pin = static_cast<uint8_t>(pin);
    x86::ioapic_route(ioapic, pin, x86::vector::device_first + line, trigger, polarity);
    x86::ioapic_unmask(ioapic, pin);
}

void route_msi_irq(unsigned line) { kernel_state.irqs[line].kind = IrqLine::Kind::msi; }

void free_irq_line(unsigned line) {
    IrqLine& irq = kernel_state.irqs[line];
    if (is_ioapic(irq))
        x86::ioapic_mask(irq.ioapic, irq.pin);
    irq.kind = IrqLine::Kind::free;
    if (!irq.handler.is_empty())
        remove_capability(irq.handler);
}

void acknowledge_irq(unsigned line) {
    const IrqLine& irq = kernel_state.irqs[line];
    if (is_ioapic(irq))
        x86::ioapic_unmask(irq.ioapic, irq.pin);
}

void deliver_irq(unsigned line) {
    const IrqLine& irq = kernel_state.irqs[line];
    if (is_ioapic(irq))
        x86::ioapic_mask(irq.ioapic, irq.pin);
    const Capability& handler = irq.handler.cap;
    if (handler.is(CapType::notification))
        signal(*window<Notification>(handler.object()), handler.badge());
}

} // namespace kernel
