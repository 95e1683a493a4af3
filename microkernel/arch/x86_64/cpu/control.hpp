// SPDX-License-Identifier: BSD-2-Clause
// CR0, CR4, EFER and the page attribute table as the kernel wants them. CR0 and CR4 are written whole: firmware leaves
// caches off (Bochs) or debugging extensions on (UEFI).
#pragma once

#include <arch/x86_64/cpu/cpuid.hpp>
#include <arch/x86_64/cpu/registers.hpp>

namespace kernel::x86 {

constexpr Cr0 wanted_cr0() {
    return Cr0(Cr0::paging | Cr0::alignment_mask | Cr0::write_protect | Cr0::numeric_error | Cr0::extension_type |
               Cr0::monitor_coprocessor | Cr0::protection_enable);
}

constexpr Cr4 wanted_cr4(const CpuFeatures& f) {
    return Cr4(Cr4::pae | Cr4::fxsave | Cr4::simd_exceptions)
        .with(Cr4::machine_check, f.machine_check)
        .with(Cr4::global_pages, f.global_pages)
        .with(Cr4::umip, f.umip)
        .with(Cr4::fsgsbase, f.fsgsbase)
        .with(Cr4::pcid, f.pcid)
        .with(Cr4::xsave, f.xsave)
        .with(Cr4::smep, f.smep)
        .with(Cr4::smap, f.smap);
}

/// Not before nothing is needed any more of the identity map: SMAP and SMEP do not matter to it, PCIDE wants the PCID
/// in CR3 to be 0. Panics if a register does not read back as written.
void set_control_registers(const CpuFeatures& features);

} // namespace kernel::x86
