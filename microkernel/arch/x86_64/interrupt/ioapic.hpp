// SPDX-License-Identifier: BSD-2-Clause
// The I/O APICs: which vector a device's interrupt line raises (Intel 82093AA data sheet). I/O APIC n, in the order of
// the MADT, has its registers in page n + 1 of the device window.
#pragma once

#include <mem/address.hpp>

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

/// From now on `pin` raises `vector` on this CPU; masked. `ioapic` and `pin` exist.
void ioapic_route(unsigned ioapic, unsigned pin, unsigned vector, Trigger trigger, Polarity polarity);
void ioapic_mask(unsigned ioapic, unsigned pin);
void ioapic_unmask(unsigned ioapic, unsigned pin);

} // namespace kernel::x86
