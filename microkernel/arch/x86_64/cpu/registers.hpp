// SPDX-License-Identifier: BSD-2-Clause
// Bits of the CPU's control registers, and numbers of the model-specific registers that the kernel uses.
#pragma once

#include <arch/x86_64/cpu/instructions.hpp>

namespace kernel::x86 {

/// SDM Vol. 3A, "Control Registers".
namespace cr0 {
inline constexpr Word protection_enable = 1u << 0;   ///< PE
inline constexpr Word monitor_coprocessor = 1u << 1; ///< MP
inline constexpr Word emulation = 1u << 2;           ///< EM
inline constexpr Word task_switched = 1u << 3;       ///< TS: the next FPU or SSE instruction raises #NM
inline constexpr Word extension_type = 1u << 4;      ///< ET
inline constexpr Word numeric_error = 1u << 5;       ///< NE
inline constexpr Word write_protect = 1u << 16;      ///< WP: ring 0 keeps to read-only pages, too
inline constexpr Word alignment_mask = 1u << 18;     ///< AM
inline constexpr Word paging = 1u << 31;             ///< PG

/// As the kernel wants it.
inline constexpr Word wanted =
    paging | alignment_mask | write_protect | numeric_error | extension_type | monitor_coprocessor | protection_enable;
} // namespace cr0

/// Root of an address space with its PCID, and whether translations of that PCID survive the load.
class Cr3 {
public:
    static constexpr Word no_flush = Word{1} << 63; ///< only with CR4.PCIDE

    /// `pcid` must be 0 without CR4.PCIDE.
    constexpr Cr3(PhysAddr pml4, Word pcid, bool keep_translations = false)
        : raw_(pml4.raw() | pcid | (keep_translations ? no_flush : 0)) {}
    void write() const { write_cr3(raw_); }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// SDM Vol. 3A, "Control Registers".
namespace cr4 {
inline constexpr Word pae = 1u << 5;              ///< PAE
inline constexpr Word machine_check = 1u << 6;    ///< MCE
inline constexpr Word global_pages = 1u << 7;     ///< PGE
inline constexpr Word rdpmc = 1u << 8;            ///< PCE: RDPMC in ring 3
inline constexpr Word fxsave = 1u << 9;           ///< OSFXSR
inline constexpr Word simd_exceptions = 1u << 10; ///< OSXMMEXCPT
inline constexpr Word umip = 1u << 11;            ///< UMIP: no SGDT, SIDT, SLDT, SMSW, STR in ring 3
inline constexpr Word fsgsbase = 1u << 16;        ///< FSGSBASE
inline constexpr Word pcid = 1u << 17;            ///< PCIDE
inline constexpr Word xsave = 1u << 18;           ///< OSXSAVE
inline constexpr Word smep = 1u << 20;            ///< SMEP
inline constexpr Word smap = 1u << 21;            ///< SMAP
} // namespace cr4

/// Extended feature enables (SDM Vol. 4, IA32_EFER).
namespace efer {
inline constexpr Word syscall = 1u << 0;     ///< SCE
inline constexpr Word no_execute = 1u << 11; ///< NXE
} // namespace efer

/// SDM Vol. 1, "EFLAGS Register".
namespace rflags {
inline constexpr Word trap = 1u << 8;
inline constexpr Word interrupt = 1u << 9;
inline constexpr Word direction = 1u << 10;
inline constexpr Word io_privilege = 3u << 12;
inline constexpr Word nested_task = 1u << 14;
inline constexpr Word alignment_check = 1u << 18;
} // namespace rflags

/// State components that XSAVE manages (SDM Vol. 1, "XSAVE-Supported Features and State-Component Bitmaps").
namespace xcr0 {
inline constexpr Word x87 = 1u << 0;
inline constexpr Word sse = 1u << 1;
inline constexpr Word avx = 1u << 2;
} // namespace xcr0

/// SDM Vol. 4, "Architectural MSRs".
namespace msr {
inline constexpr uint32_t apic_base = 0x1b;
inline constexpr uint32_t arch_capabilities = 0x10a; ///< bit 0, RDCL_NO: no Meltdown
inline constexpr uint32_t sysenter_cs = 0x174;
inline constexpr uint32_t pat = 0x277;
inline constexpr uint32_t tsc_deadline = 0x6e0;
inline constexpr uint32_t efer = 0xc000'0080;
inline constexpr uint32_t star = 0xc000'0081;
inline constexpr uint32_t lstar = 0xc000'0082;
inline constexpr uint32_t fmask = 0xc000'0084;
inline constexpr uint32_t fs_base = 0xc000'0100;
inline constexpr uint32_t gs_base = 0xc000'0101;
} // namespace msr

/// Which memory type a table entry's PAT, PCD and PWT bits (index 4, 2, 1) stand for, a byte an index: 0-3 are the
/// power-on values (write-back, write-through, uncached, uncacheable), 4 is write-combining, 5-7 repeat 1-3 (SDM
/// Vol. 3A, "Page Attribute Table").
inline constexpr uint64_t page_attribute_table = 0x0007'0401'0007'0406;

static_assert(Cr3(PhysAddr(0x1234'5000), 7, true).raw() == 0x8000'0000'1234'5007);

} // namespace kernel::x86
