// SPDX-License-Identifier: BSD-2-Clause
// Numbers of the model-specific registers that the kernel uses (SDM Vol. 4, "Architectural MSRs").
#pragma once

#include <cstdint>

namespace kernel::x86::msr {

inline constexpr uint32_t apic_base = 0x1b;
inline constexpr uint32_t sysenter_cs = 0x174;
inline constexpr uint32_t pat = 0x277;
inline constexpr uint32_t tsc_deadline = 0x6e0;
inline constexpr uint32_t efer = 0xc000'0080;
inline constexpr uint32_t star = 0xc000'0081;
inline constexpr uint32_t lstar = 0xc000'0082;
inline constexpr uint32_t cstar = 0xc000'0083;
inline constexpr uint32_t fmask = 0xc000'0084;
inline constexpr uint32_t fs_base = 0xc000'0100;
inline constexpr uint32_t gs_base = 0xc000'0101;

} // namespace kernel::x86::msr
