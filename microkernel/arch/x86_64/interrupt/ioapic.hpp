// SPDX-License-Identifier: BSD-2-Clause
// The I/O APICs: which vector a device's interrupt line raises (Intel 82093AA data sheet). I/O APIC n, in the order of
// the MADT, has its registers in page n + 1 of the device window.
#pragma once

#include <arch/x86_64/cpu/instructions.hpp>
#include <mem/layout.hpp>

namespace kernel::x86 {

inline constexpr unsigned max_io_apics = 16;
inline constexpr unsigned ioapic_window_page(unsigned ioapic) { return 1 + ioapic; }

enum class Trigger : uint8_t { edge = 0, level = 1 };
enum class Polarity : uint8_t { active_high = 0, active_low = 1 };

/// 64 bits that say what becomes of one pin.
class Redirection {
public:
    explicit constexpr Redirection(uint64_t raw) : raw_(raw) {}
    /// Delivered to one local APIC, masked.
    constexpr Redirection(unsigned vector, Trigger trigger, Polarity polarity, uint8_t lapic)
        : raw_(vector | uint64_t{static_cast<uint8_t>(polarity)} << 13 | uint64_t{static_cast<uint8_t>(trigger)} << 15 |
               masked_bit | uint64_t{lapic} << 56) {}
    constexpr Redirection masked(bool value) const {
        return Redirection(value ? raw_ | masked_bit : raw_ & ~masked_bit);
    }
    constexpr bool is_masked() const { return (raw_ & masked_bit) != 0; }
    constexpr uint32_t low() const { return static_cast<uint32_t>(raw_); }
    constexpr uint32_t high() const { return static_cast<uint32_t>(raw_ >> 32); }
    constexpr uint64_t raw() const { return raw_; }

private:
    static constexpr uint64_t masked_bit = 1 << 16;
    uint64_t raw_;
};

static_assert(Redirection(0x34, Trigger::level, Polarity::active_low, 1).raw() == 0x0100'0000'0001'a034);

/// `count` I/O APICs are mapped in the device window: asks each how many pins it has, and masks them all.
void ioapic_init(unsigned count);

unsigned ioapic_count();
/// `ioapic` below ioapic_count().
unsigned ioapic_pins(unsigned ioapic);

/// Register `index` of an I/O APIC, reached through the only two that are in memory.
inline void ioapic_write(unsigned ioapic, uint32_t index, uint32_t value) {
    const VirtAddr registers = layout::device_window + ioapic_window_page(ioapic) * 4096;
    mmio_write32(registers, index);
    mmio_write32(registers + 0x10, value);
}
inline constexpr uint32_t ioapic_redirection(unsigned pin) { return 0x10 + 2 * pin; }

/// From now on `pin` does what `entry` says. `ioapic` and `pin` exist.
void ioapic_route(unsigned ioapic, unsigned pin, Redirection entry);
/// The same, where only the mask of `entry` is new.
inline void ioapic_set_mask(unsigned ioapic, unsigned pin, Redirection entry) {
    ioapic_write(ioapic, ioapic_redirection(pin), entry.low());
}

} // namespace kernel::x86
