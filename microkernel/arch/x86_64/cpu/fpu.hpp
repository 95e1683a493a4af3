// SPDX-License-Identifier: BSD-2-Clause
// x87 and SSE (as a boot option also AVX) registers of threads: saved and restored whole at each switch, never lazily (CVE-2018-3665).
// XSAVE in standard form where the CPU has it, else FXSAVE: both keep MXCSR and the rest in the first 512 bytes.
#pragma once

#include <arch/x86_64/context/fpu_state.hpp>
#include <arch/x86_64/cpu/cpuid.hpp>
#include <arch/x86_64/cpu/registers.hpp>

namespace kernel::x86 {

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
