// SPDX-License-Identifier: BSD-2-Clause
// The I/O ports of a device: registers at offsets from a first port, through the capability that the driver was granted.
#pragma once

#include <sys/cap/io_port.hpp>
#include <sys/proc/slots.hpp>

namespace sys {

/// A port that the kernel refuses (IoPorts= of the unit does not hold it) reads as all ones, which is what a missing
/// device reads as; writes to it go nowhere.
class DevicePorts {
public:
    /// `first`: the port that offset 0 is.
    explicit constexpr DevicePorts(uint16_t first, IoPorts ports = IoPorts(slot::io_ports))
        : ports_(ports), first_(first) {}

    /// A register of 8 bits.
    uint8_t in8(uint16_t offset) const { return ports_.in8(at(offset)).value_or(0xff); }
    /// A register of 16 bits.
    uint16_t in16(uint16_t offset) const { return ports_.in16(at(offset)).value_or(0xffff); }
    /// A register of 32 bits.
    uint32_t in32(uint16_t offset) const { return ports_.in32(at(offset)).value_or(0xffff'ffff); }
    /// A register of 8 bits.
    void out8(uint16_t offset, uint8_t value) const { static_cast<void>(ports_.out8(at(offset), value)); }
    /// A register of 16 bits.
    void out16(uint16_t offset, uint16_t value) const { static_cast<void>(ports_.out16(at(offset), value)); }
    /// A register of 32 bits.
    void out32(uint16_t offset, uint32_t value) const { static_cast<void>(ports_.out32(at(offset), value)); }

private:
    constexpr uint16_t at(uint16_t offset) const { return static_cast<uint16_t>(first_ + offset); }

    IoPorts ports_;
    uint16_t first_;
};

} // namespace sys
