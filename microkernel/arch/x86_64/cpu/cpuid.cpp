// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/cpuid.hpp>

#include <arch/x86_64/cpu/instructions.hpp>

namespace kernel::x86 {

namespace {

constexpr bool has(uint32_t word, unsigned position) { return (word >> position & 1) != 0; }

void put_text(char* to, uint32_t word) {
    for (unsigned i = 0; i < 4; i++)
        to[i] = static_cast<char>(word >> (8 * i));
}

void decode_basic(CpuFeatures& f) {
    const CpuidResult leaf1 = cpuid(1);
    f.pcid = has(leaf1.ecx, 17);
    f.tsc_deadline = has(leaf1.ecx, 24);
    f.xsave = has(leaf1.ecx, 26);
    f.avx = f.xsave && has(leaf1.ecx, 28);
    f.machine_check = has(leaf1.edx, 7) && has(leaf1.edx, 14);
    f.apic = has(leaf1.edx, 9);
    f.sysenter = has(leaf1.edx, 11);
    f.global_pages = has(leaf1.edx, 13);
    f.page_attribute_table = has(leaf1.edx, 16);
    f.fxsave = has(leaf1.edx, 24) && has(leaf1.edx, 25);
}

void decode_extended(CpuFeatures& f, uint32_t highest) {
    const CpuidResult leaf = cpuid(0x8000'0001);
    f.no_execute = has(leaf.edx, 20);
    f.huge_pages = has(leaf.edx, 26);
    if (highest >= 0x8000'0008)
        f.physical_bits = cpuid(0x8000'0008).eax & 0xff;
}

} // namespace

CpuFeatures read_features() {
    CpuFeatures f;
    const CpuidResult leaf0 = cpuid(0);
    put_text(&f.vendor[0], leaf0.ebx);
    put_text(&f.vendor[4], leaf0.edx);
    put_text(&f.vendor[8], leaf0.ecx);
    const uint32_t highest = leaf0.eax;
    if (highest >= 1)
        decode_basic(f);
    if (highest >= 7) {
        const CpuidResult leaf7 = cpuid(7, 0);
        f.fsgsbase = has(leaf7.ebx, 0);
        f.smep = has(leaf7.ebx, 7);
        f.invpcid = has(leaf7.ebx, 10);
        f.smap = has(leaf7.ebx, 20);
        f.umip = has(leaf7.ecx, 2);
    }
    if (f.xsave && highest >= 0xd) {
        constexpr uint32_t legacy_and_header = 576;
        f.xsave_size = legacy_and_header;
        if (f.avx) { // sub-leaf 2: size and offset of the upper halves of the YMM registers
            const CpuidResult avx = cpuid(0xd, 2);
            f.xsave_size = avx.ebx + avx.eax;
        }
    } else {
        f.xsave = f.avx = false;
    }
    const uint32_t highest_extended = cpuid(0x8000'0000).eax;
    if (highest_extended >= 0x8000'0001)
        decode_extended(f, highest_extended);
    return f;
}

const char* missing_feature(const CpuFeatures& f) {
    if (!f.apic)
        return "local APIC";
    if (!f.fxsave)
        return "FXSAVE and SSE";
    if (!f.page_attribute_table)
        return "page attribute table";
    return nullptr;
}

} // namespace kernel::x86
