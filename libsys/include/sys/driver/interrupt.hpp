// SPDX-License-Identifier: BSD-2-Clause
// The interrupt line of a device, delivered as a signal to the driver's own loop (handle_signal).
#pragma once

#include <sys/cap/irq.hpp>
#include <sys/ipc/protocol.hpp>
#include <sys/proc/slots.hpp>

namespace sys {

/// A driver's interrupt, as a signal with a bit of its own.
class Interrupt {
public:
    /// `bit`: which one of the signal's bits 0 to 61 stands for this line. `slot`: an empty slot, kept for good.
    explicit constexpr Interrupt(unsigned bit, Word slot = slot::first_free,
                                 IrqHandler line = IrqHandler(slot::irq_handler))
        : line_(line), slot_(slot), badge_(signal_badge_bit | Word{1} << bit) {}

    /// From now on interrupts signal this thread. The line starts unmasked: tell the device to interrupt only after this.
    Result<void> connect() const {
        const CNode own(slot::cnode);
        TRY(own.at(slot_).mint_from(own.at(slot::notification), Rights::all(), badge_));
        TRY(line_.set_notification(Notification(slot_)));
        return line_.acknowledge();
    }
    /// Whether a signal says that the device has interrupted.
    constexpr bool is_in(Badge signal) const { return (signal.value & badge_) == badge_; }
    /// The line is masked from an interrupt until this. For an edge-triggered line first acknowledge, then look at the
    /// device until it has nothing more: an edge that comes while the line is masked is lost. For a level-triggered line
    /// first quieten the device, or it interrupts again.
    Result<void> acknowledge() const { return line_.acknowledge(); }

private:
    IrqHandler line_;
    Word slot_;
    Word badge_;
};

} // namespace sys
