// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/fpu.hpp>

namespace kernel::x86 {

constinit uint32_t xsave_components = 0;

void enable_fpu(const CpuFeatures& features) {
    static constexpr FpuState initial = initial_fpu_state();
    xsave_components = features.xsave ? xcr0::x87 | xcr0::sse | (features.avx ? xcr0::avx : 0) : 0;
    if (xsave_components != 0)
        xsetbv(0, xsave_components);
    fpu_restore(initial.bytes.data());
}

} // namespace kernel::x86
