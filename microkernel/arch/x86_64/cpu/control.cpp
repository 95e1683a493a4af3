// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/control.hpp>

#include <lib/assert.hpp>

namespace kernel::x86 {

void set_control_registers(const CpuFeatures& f) {
    const Cr4 cr4 = wanted_cr4(f);
    wanted_cr0().write();
    cr4.write();
    if (Cr0::read().raw() != wanted_cr0().raw() || Cr4::read().raw() != cr4.raw())
        panic("CR0 or CR4 does not hold what was written");
    Efer::read().with(Efer::no_execute, f.no_execute).write();
    Pat::write();
    if (f.sysenter)
        wrmsr(msr::sysenter_cs, 0); // SYSENTER is #GP
    write_dr7(0);                   // no breakpoint that firmware may have left
}

} // namespace kernel::x86
