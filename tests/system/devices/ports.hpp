// SPDX-License-Identifier: BSD-2-Clause
// What cases about devices share: controls, port ranges, and the real-time clock's registers.
#pragma once

#include <sys/cap/irq.hpp>
#include <tests/system/lib/invoke.hpp>

namespace ports {

using test::Cap;

inline constexpr sys::IoPortControl port_control(abi::root_slot::io_port_control);
inline constexpr sys::IrqControl irq_control(abi::root_slot::irq_control);

/// The real-time clock: index and data port, its registers.
inline constexpr uint16_t rtc_index = 0x70, rtc_data = 0x71;
inline constexpr uint8_t rtc_a = 0x0a, rtc_b = 0x0b, rtc_c = 0x0c;
inline constexpr uint8_t rtc_periodic = 0x40;

inline sys::Result<Cap<sys::IoPorts>> issue(uint16_t first, uint16_t last) {
    sys::Slot slot = TRY(test::space().allocate());
    TRY(port_control.issue(first, last, slot.ref()));
    return Cap<sys::IoPorts>::adopt(std::move(slot));
}
inline sys::Result<uint8_t> rtc_read(sys::IoPorts ports, uint8_t which) {
    TRY(ports.out8(rtc_index, which));
    return ports.in8(rtc_data);
}
inline sys::Result<void> rtc_write(sys::IoPorts ports, uint8_t which, uint8_t value) {
    TRY(ports.out8(rtc_index, which));
    return ports.out8(rtc_data, value);
}

} // namespace ports
