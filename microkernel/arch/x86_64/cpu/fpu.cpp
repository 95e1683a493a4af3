// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/fpu.hpp>

namespace kernel::x86 {

constinit bool fpu_uses_xsave = false;

void enable_fpu(const CpuFeatures& features) {
    static constexpr FpuState initial = initial_fpu_state();
    fpu_uses_xsave = features.xsave;
    if (features.xsave)
        xsetbv(0, fpu_components);
    fpu_restore(initial.bytes.data());
}

} // namespace kernel::x86
