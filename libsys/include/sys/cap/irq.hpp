// SPDX-License-Identifier: BSD-2-Clause
// Interrupts: a handler ties one line to a notification; IRQControl issues handlers.
#pragma once

#include <sys/cap/cnode.hpp>
#include <sys/cap/notification.hpp>

namespace sys {

/// One interrupt line.
class IrqHandler : public Object {
public:
    using Object::Object;
    /// Unmasks the line after it was delivered.
    Result<void> acknowledge() const { return invoke(*this, abi::Invocation::irq_handler_ack, with_caps()); }
    /// Signalled at each interrupt, with the badge of this capability; the one before is forgotten.
    Result<void> set_notification(Notification notification) const {
        return invoke(*this, abi::Invocation::irq_handler_set_notification, with_caps(notification));
    }
    /// Interrupts signal nobody any longer.
    Result<void> clear() const { return invoke(*this, abi::Invocation::irq_handler_clear, with_caps()); }
};

/// Issues interrupt lines, each once.
class IrqControl : public Object {
public:
    using Object::Object;

    /// A pin of an I/O APIC, and how it signals.
    struct IoApicPin {
        Word ioapic = 0; ///< 0: the first
        Word pin = 0; ///< of that I/O APIC
        bool level_triggered = false; ///< false: edge
        bool active_low = false; ///< false: active high
    };
    /// `vector` 0..107; the CPU's interrupt vector is 48 + `vector`. Unmasks the pin.
    Result<void> get_ioapic(const SlotRef& into, const IoApicPin& line, Word vector) const {
        return invoke(*this, abi::Invocation::irq_control_get_ioapic, with_caps(into.root), into.index, into.depth,
                      line.ioapic, line.pin, line.level_triggered, line.active_low, vector);
    }

    /// A function of a PCI device that sends message-signalled interrupts.
    struct PciFunction {
        Word bus = 0; ///< 0 to 255
        Word device = 0; ///< 0 to 31
        Word function = 0; ///< 0 to 7
    };
    /// `vector` as for get_ioapic; the driver writes it to the device's capability.
    Result<void> get_msi(const SlotRef& into, const PciFunction& device, Word handle, Word vector) const {
        return invoke(*this, abi::Invocation::irq_control_get_msi, with_caps(into.root), into.index, into.depth,
                      device.bus, device.device, device.function, handle, vector);
    }
    /// The legacy call by interrupt number: the kernel answers IllegalOperation, interrupts come by I/O APIC or MSI.
    Result<void> get(Word irq, const SlotRef& into) const {
        return invoke(*this, abi::Invocation::irq_control_get, with_caps(into.root), irq, into.index, into.depth);
    }
};

} // namespace sys
