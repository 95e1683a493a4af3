// SPDX-License-Identifier: BSD-2-Clause
// Device interrupts: which vector belongs to which pin, and whom it signals.
#pragma once

#include <arch/x86_64/interrupt/vectors.hpp>
#include <system.hpp>

namespace kernel {

bool irq_line_in_use(unsigned line);
/// Gives `line` to an I/O APIC pin and unmasks it. The pin must exist.
void route_ioapic_irq(unsigned line, unsigned ioapic, unsigned pin, x86::Trigger trigger, x86::Polarity polarity);
/// Reserves `line` for message-signalled interrupts.
void route_msi_irq(unsigned line);
/// Masks the pin and frees the vector and its handler.
void free_irq_line(unsigned line);
/// Lets the line interrupt again.
void acknowledge_irq(unsigned line);
/// An interrupt has arrived: masks the line and signals its notification.
void deliver_irq(unsigned line);

} // namespace kernel
