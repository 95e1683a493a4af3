// SPDX-License-Identifier: BSD-2-Clause
// What this CPU can do (SDM Vol. 2, CPUID), and the control registers that switch on what the kernel uses of it.
#pragma once

#include <mem/address.hpp>

namespace kernel::x86 {

struct CpuFeatures {
    bool apic = false;
    bool fxsave = false;
    bool page_attribute_table = false;
    bool fsgsbase = false;
    bool pcid = false;
    bool invpcid = false;
    bool no_execute = false;
    bool huge_pages = false; ///< 1 GiB
    bool global_pages = false;
    bool machine_check = false;
    bool smap = false;
    bool smep = false;
    bool sysenter = false;
    bool tsc_deadline = false;
    bool umip = false;
    bool xsave = false;
    bool avx = false;
    // Not what CPUID says, but what is made of it (choose_features).
    bool rdpmc = false;     ///< for ring 3
    bool isolation = false; ///< ring 3's tables do not show the kernel
};

CpuFeatures read_features();

/// This CPU lets ring 3 read what it may not by way of the caches (Meltdown, CVE-2017-5754), for all one knows.
bool leaks_kernel_memory();

void log_features(const CpuFeatures& features);

/// Refuses a CPU that lacks what the kernel cannot do without.
void check_features(const CpuFeatures& features);

/// CR4 as the kernel wants it.
Word wanted_cr4(const CpuFeatures& features);

/// CR0, CR4, EFER and the page attribute table as the kernel wants them. CR0 and CR4 are written whole: firmware leaves
/// caches off (Bochs) or debugging extensions on (UEFI). PCIDE wants the PCID in CR3 to be 0. Panics if a register does
/// not read back as written.
void set_control_registers(const CpuFeatures& features);

} // namespace kernel::x86
