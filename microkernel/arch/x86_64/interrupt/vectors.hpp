// SPDX-License-Identifier: BSD-2-Clause
// Who uses which interrupt vector.
//
//     0 -  31   exceptions
//    32 -  47   the two 8259, masked: only their spurious interrupts arrive here, and are ignored
//    48 - 155   devices: user code's vector v (0..107) is 48 + v (abi.md, "Interrupts and time")
//   240         timer of the local APIC
//   255         spurious interrupts of the local APIC, ignored
#pragma once

namespace kernel::x86::vector {

inline constexpr unsigned debug = 1, nmi = 2, breakpoint = 3, overflow = 4, device_not_available = 7, double_fault = 8;
inline constexpr unsigned general_protection = 13, page_fault = 14, machine_check = 18;
inline constexpr unsigned exception_count = 32;

inline constexpr unsigned legacy_first = 32;
inline constexpr unsigned device_first = 48, device_count = 108;
inline constexpr unsigned timer = 240;
inline constexpr unsigned spurious = 255;

static_assert(device_first + device_count <= timer);

} // namespace kernel::x86::vector
