// SPDX-License-Identifier: BSD-2-Clause
// What this CPU can do (SDM Vol. 2, CPUID). Pure: the leaves come through cpu/instructions.hpp.
#pragma once

#include <array>
#include <cstdint>

namespace kernel::x86 {

struct CpuFeatures {
    std::array<char, 13> vendor{}; ///< ends with a zero byte
    unsigned physical_bits = 36;
    uint32_t xsave_size = 0; ///< bytes for x87, SSE (and AVX, where `avx`) in standard form; 0 without XSAVE
    bool apic = false;
    bool avx = false;
    bool fsgsbase = false;
    bool fxsave = false;
    bool global_pages = false;
    bool huge_pages = false; ///< 1 GiB
    bool invpcid = false;
    bool machine_check = false;
    bool no_execute = false;
    bool page_attribute_table = false;
    bool pcid = false;
    bool smap = false;
    bool smep = false;
    bool sysenter = false;
    bool tsc_deadline = false;
    bool umip = false;
    bool xsave = false;
};

CpuFeatures read_features();

/// Name of a feature that the kernel cannot do without and this CPU lacks; null if there is none.
const char* missing_feature(const CpuFeatures& features);

} // namespace kernel::x86
