// SPDX-License-Identifier: BSD-2-Clause
// The FPU and vector registers of a thread in its TCB (SDM Vol. 1, "Standard Format of XSAVE Area").
#pragma once

#include <array>
#include <cstdint>

namespace kernel::x86 {

/// Legacy region and XSAVE header. AVX state follows; where the header does not name it, as in a new thread, XRSTOR
/// clears its registers and reads nothing.
inline constexpr unsigned fpu_state_size = 576;
inline constexpr unsigned avx_state_size = 256;

struct alignas(64) FpuState {
    std::array<uint8_t, fpu_state_size> bytes{};
};

/// Of a thread that has never used it: all exceptions masked, all registers empty or 0.
constexpr FpuState initial_fpu_state() {
    FpuState state;
    state.bytes[0] = 0x7f; // FCW = 0x037f
    state.bytes[1] = 0x03;
    state.bytes[24] = 0x80; // MXCSR = 0x1f80
    state.bytes[25] = 0x1f;
    return state;
}

} // namespace kernel::x86
