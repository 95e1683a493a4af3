// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/cpuid.hpp>

#include <arch/x86_64/cpu/registers.hpp>
#include <lib/assert.hpp>
#include <lib/bits.hpp>
#include <lib/log.hpp>

namespace kernel::x86 {

namespace {

/// Where CPUID says that a feature is there, and the CR4 bits that switch it on.
struct Row {
    bool CpuFeatures::* feature;
    uint32_t leaf;
    uint32_t CpuidResult::* word;
    uint64_t bits; ///< all of them set
    Word cr4;
    const char* name;
};
constexpr Row rows[] = {
    {&CpuFeatures::apic, 1, &CpuidResult::edx, bit(9), 0, "APIC"},
    {&CpuFeatures::fxsave, 1, &CpuidResult::edx, bit(24) | bit(25), 0, "FXSAVE"},
    {&CpuFeatures::page_attribute_table, 1, &CpuidResult::edx, bit(16), 0, "PAT"},
    {&CpuFeatures::fsgsbase, 7, &CpuidResult::ebx, bit(0), cr4::fsgsbase, "FSGSBASE"},
    {&CpuFeatures::pcid, 1, &CpuidResult::ecx, bit(17), cr4::pcid, "PCID"},
    {&CpuFeatures::invpcid, 7, &CpuidResult::ebx, bit(10), 0, "INVPCID"},
    {&CpuFeatures::no_execute, 0x8000'0001, &CpuidResult::edx, bit(20), 0, "NX"},
    {&CpuFeatures::huge_pages, 0x8000'0001, &CpuidResult::edx, bit(26), 0, "1-GiB-pages"},
    {&CpuFeatures::global_pages, 1, &CpuidResult::edx, bit(13), cr4::global_pages, "PGE"},
    {&CpuFeatures::machine_check, 1, &CpuidResult::edx, bit(7) | bit(14), cr4::machine_check, "MCE"},
    {&CpuFeatures::smap, 7, &CpuidResult::ebx, bit(20), cr4::smap, "SMAP"},
    {&CpuFeatures::smep, 7, &CpuidResult::ebx, bit(7), cr4::smep, "SMEP"},
    {&CpuFeatures::sysenter, 1, &CpuidResult::edx, bit(11), 0, "SYSENTER"},
    {&CpuFeatures::tsc_deadline, 1, &CpuidResult::ecx, bit(24), 0, "TSC-deadline"},
    {&CpuFeatures::umip, 7, &CpuidResult::ecx, bit(2), cr4::umip, "UMIP"},
    {&CpuFeatures::xsave, 1, &CpuidResult::ecx, bit(26), cr4::xsave, "XSAVE"},
    {&CpuFeatures::avx, 1, &CpuidResult::ecx, bit(28), 0, "AVX"},
};

/// The answers to leaves beyond the highest of their kind mean nothing.
bool has_leaf(uint32_t leaf) { return leaf <= cpuid(leaf & 0x8000'0000).eax; }

} // namespace

CpuFeatures read_features() {
    constexpr uint32_t xsave_leaf = 0xd;
    CpuFeatures features;
    for (const Row& row : rows)
        features.*row.feature = has_leaf(row.leaf) && (cpuid(row.leaf).*row.word & row.bits) == row.bits;
    features.xsave = features.xsave && has_leaf(xsave_leaf);
    return features;
}

bool leaks_kernel_memory() {
    constexpr uint32_t amd = 0x6874'7541, hygon = 0x6f67'7948; // first letters of the vendor's name
    constexpr Word has_arch_capabilities = bit(29), rdcl_no = bit(0);
    const uint32_t vendor = cpuid(0).ebx;
    if (vendor == amd || vendor == hygon)
        return false;
    return !has_leaf(7) || (cpuid(7).edx & has_arch_capabilities) == 0 ||
           (rdmsr(msr::arch_capabilities) & rdcl_no) == 0;
}

void log_features(const CpuFeatures& features) {
    log_text("CPU:");
    for (const Row& row : rows) {
        if (features.*row.feature) {
            log_text(" ");
            log_text(row.name);
        }
    }
    log_text("\n");
}

void check_features(const CpuFeatures& features) {
    require(features.apic, "this CPU has no local APIC");
    require(features.fxsave, "this CPU has no FXSAVE and SSE");
    require(features.page_attribute_table, "this CPU has no page attribute table");
}

Word wanted_cr4(const CpuFeatures& features) {
    Word value = cr4::pae | cr4::fxsave | cr4::simd_exceptions;
    for (const Row& row : rows)
        value |= features.*row.feature ? row.cr4 : 0;
    return value | (features.rdpmc ? cr4::rdpmc : 0);
}

void set_control_registers(const CpuFeatures& features) {
    write_cr0(cr0::wanted);
    write_cr4(wanted_cr4(features));
    require(read_cr0() == cr0::wanted && read_cr4() == wanted_cr4(features),
            "CR0 or CR4 does not hold what was written");
    wrmsr(msr::efer, rdmsr(msr::efer) | efer::syscall | (features.no_execute ? efer::no_execute : 0));
    wrmsr(msr::pat, page_attribute_table);
    if (features.sysenter)
        wrmsr(msr::sysenter_cs, 0); // SYSENTER is #GP
    write_dr7(0);                   // no breakpoint that firmware may have left
}

} // namespace kernel::x86
