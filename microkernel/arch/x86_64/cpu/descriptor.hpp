// SPDX-License-Identifier: BSD-2-Clause
// Entries of the GDT and the IDT as value types (SDM Vol. 3A, "Segment Descriptors", "64-Bit Mode IDT").
#pragma once

#include <arch/x86_64/context/context.hpp>

#include <array>
#include <cstdint>

namespace kernel::x86 {

/// Selectors: index into the GDT * 8 + privilege level. The order user data, user code is what SYSRET wants.
namespace selector {
inline constexpr uint16_t kernel_code = 0x08, kernel_data = 0x10;
inline constexpr uint16_t user_data = 0x18 | 3, user_code = 0x20 | 3;
inline constexpr uint16_t tss = 0x28; ///< takes two entries
} // namespace selector
static_assert(selector::user_data == user_data_selector && selector::user_code == user_code_selector);

enum class Ring : uint8_t { kernel = 0, user = 3 };

/// Base and limit of code and data segments mean nothing in 64-bit mode; they are written flat all the same.
class SegmentDescriptor {
public:
    static constexpr SegmentDescriptor null() { return SegmentDescriptor(0); }
    static constexpr SegmentDescriptor code(Ring ring) {
        return SegmentDescriptor(0x00af'9b00'0000'ffff | level(ring));
    }
    static constexpr SegmentDescriptor data(Ring ring) {
        return SegmentDescriptor(0x00cf'9300'0000'ffff | level(ring));
    }
    constexpr uint64_t raw() const { return raw_; }

private:
    explicit constexpr SegmentDescriptor(uint64_t raw) : raw_(raw) {}
    static constexpr uint64_t level(Ring ring) { return uint64_t{static_cast<uint8_t>(ring)} << 45; }
    uint64_t raw_;
};

/// An available 64-bit TSS: two GDT entries.
constexpr std::array<uint64_t, 2> tss_descriptor(Word base, uint32_t limit) {
    constexpr uint64_t available_tss = 0x89;
    const uint64_t low = (limit & 0xffff) | (base & 0xff'ffff) << 16 | available_tss << 40 |
                         uint64_t{(limit >> 16) & 0xf} << 48 | ((base >> 24) & 0xff) << 56;
    return {low, base >> 32};
}

/// An IDT entry. All are interrupt gates: the kernel runs with interrupts off.
class Gate {
public:
    constexpr Gate() = default;
    /// `ring` is the least privileged that may reach it with an INT instruction; `ist` 0 = no stack of its own.
    constexpr Gate(Word handler, Ring ring, unsigned ist)
        : low_((handler & 0xffff) | uint64_t{selector::kernel_code} << 16 | uint64_t{ist} << 32 |
               (interrupt_gate | uint64_t{static_cast<uint8_t>(ring)} << 5) << 40 | ((handler >> 16) & 0xffff) << 48),
          high_(handler >> 32) {}
    constexpr bool is_present() const { return (low_ >> 47 & 1) != 0; }
    constexpr unsigned ring() const { return low_ >> 45 & 3; }
    constexpr unsigned ist() const { return low_ >> 32 & 7; }
    constexpr Word handler() const { return (low_ & 0xffff) | (low_ >> 48) << 16 | high_ << 32; }

private:
    static constexpr uint64_t interrupt_gate = 0x8e;
    uint64_t low_ = 0;
    uint64_t high_ = 0;
};

static_assert(sizeof(Gate) == 16);
static_assert(Gate(0xffff'ffff'8010'2340, Ring::user, 2).handler() == 0xffff'ffff'8010'2340);
static_assert(SegmentDescriptor::code(Ring::user).raw() == 0x00af'fb00'0000'ffff);
static_assert(SegmentDescriptor::data(Ring::user).raw() == 0x00cf'f300'0000'ffff);

} // namespace kernel::x86
