// SPDX-License-Identifier: BSD-2-Clause
// Entries of the GDT and the IDT as value types (SDM Vol. 3A, "Segment Descriptors", "64-Bit Mode IDT").
#pragma once

#include <arch/x86_64/context/context.hpp>

#include <array>

namespace kernel::x86 {

/// Selectors: index into the GDT * 8 + privilege level. The order user data, user code is what SYSRET wants.
namespace selector {
inline constexpr uint16_t kernel_code = 0x08, kernel_data = 0x10;
inline constexpr uint16_t user_data = 0x18 | 3, user_code = 0x20 | 3;
inline constexpr uint16_t tss = 0x28; ///< takes two entries
} // namespace selector
static_assert(selector::user_data == user_data_selector && selector::user_code == user_code_selector);

enum Ring : uint64_t { ring_0 = 0, ring_3 = 3 };

// Base and limit of code and data segments mean nothing in 64-bit mode; they are written flat all the same.
constexpr uint64_t code_segment(Ring ring) { return 0x00af'9b00'0000'ffff | ring << 45; }
constexpr uint64_t data_segment(Ring ring) { return 0x00cf'9300'0000'ffff | ring << 45; }

/// An available 64-bit TSS: two GDT entries.
constexpr std::array<uint64_t, 2> tss_descriptor(Word base, uint32_t limit) {
    constexpr uint64_t available_tss = 0x89;
    const uint64_t low = (limit & 0xffff) | (base & 0xff'ffff) << 16 | available_tss << 40 |
                         uint64_t{(limit >> 16) & 0xf} << 48 | ((base >> 24) & 0xff) << 56;
    return {low, base >> 32};
}

/// An IDT entry. All are interrupt gates: the kernel runs with interrupts off.
struct Gate {
    constexpr Gate() = default;
    /// `ring` is the least privileged that may reach it with an INT instruction; `ist` 0 = no stack of its own.
    constexpr Gate(Word handler, Ring ring, unsigned ist)
        : low((handler & 0xffff) | uint64_t{selector::kernel_code} << 16 | uint64_t{ist} << 32 |
              (interrupt_gate | ring << 5) << 40 | ((handler >> 16) & 0xffff) << 48),
          high(handler >> 32) {}

    static constexpr uint64_t interrupt_gate = 0x8e;
    uint64_t low = 0;
    uint64_t high = 0;
};

static_assert(sizeof(Gate) == 16);
static_assert(Gate(0xffff'ffff'8010'2340, ring_3, 2).low == 0x8010'ee02'0008'2340);
static_assert(code_segment(ring_3) == 0x00af'fb00'0000'ffff && data_segment(ring_3) == 0x00cf'f300'0000'ffff);

} // namespace kernel::x86
