// SPDX-License-Identifier: BSD-2-Clause
// x87 and SSE (as a boot option also AVX) registers of threads: saved and restored whole at each switch, never lazily (CVE-2018-3665).
// XSAVE in standard form where the CPU has it, else FXSAVE: both keep MXCSR and the rest in the first 512 bytes.
#pragma once

#include <arch/x86_64/cpu/cpuid.hpp>
#include <arch/x86_64/cpu/registers.hpp>

#include <array>

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

/// What XSAVE saves; 0 = this CPU has FXSAVE only.
extern uint32_t xsave_components;

/// After set_control_registers.
void enable_fpu(const CpuFeatures& features);

/// `area`: fpu_state_size bytes, with AVX avx_state_size more; 64-aligned.
inline void fpu_save(void* area) {
    if (xsave_components != 0)
        xsave(area, xsave_components);
    else
        fxsave(area);
}
inline void fpu_restore(const void* area) {
    if (xsave_components != 0)
        xrstor(area, xsave_components);
    else
        fxrstor(area);
}

/// Out into one area, in from another.
inline void fpu_exchange(void* out, const void* in) {
    const uint32_t components = xsave_components;
    if (components != 0) [[likely]] {
        xsave(out, components);
        xrstor(in, components);
    } else {
        fxsave(out);
        fxrstor(in);
    }
}

} // namespace kernel::x86
