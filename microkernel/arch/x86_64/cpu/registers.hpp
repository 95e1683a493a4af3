// SPDX-License-Identifier: BSD-2-Clause
// The CPU's control registers as value types: named bits, and read() and write() of the register itself.
// Pure but for read() and write(), which go through cpu/instructions.hpp.
#pragma once

#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/cpu/msr.hpp>
#include <mem/address.hpp>

namespace kernel::x86 {

/// SDM Vol. 3A, "Control Registers".
class Cr0 {
public:
    static constexpr Word protection_enable = 1u << 0;   ///< PE
    static constexpr Word monitor_coprocessor = 1u << 1; ///< MP
    static constexpr Word emulation = 1u << 2;           ///< EM
    static constexpr Word task_switched = 1u << 3;       ///< TS: the next FPU or SSE instruction raises #NM
    static constexpr Word extension_type = 1u << 4;      ///< ET
    static constexpr Word numeric_error = 1u << 5;       ///< NE
    static constexpr Word write_protect = 1u << 16;      ///< WP: ring 0 keeps to read-only pages, too
    static constexpr Word alignment_mask = 1u << 18;     ///< AM
    static constexpr Word paging = 1u << 31;             ///< PG

    explicit constexpr Cr0(Word raw) : raw_(raw) {}
    static Cr0 read() { return Cr0(read_cr0()); }
    void write() const { write_cr0(raw_); }
    constexpr bool has(Word bits) const { return (raw_ & bits) == bits; }
    constexpr Cr0 with(Word bits) const { return Cr0(raw_ | bits); }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// Root of an address space with its PCID, and whether translations of that PCID survive the load.
class Cr3 {
public:
    static constexpr Word no_flush = Word{1} << 63; ///< only with CR4.PCIDE
    static constexpr Word pcid_count = 4096;

    explicit constexpr Cr3(Word raw) : raw_(raw) {}
    /// `pcid` must be 0 without CR4.PCIDE.
    constexpr Cr3(PhysAddr pml4, Word pcid, bool keep_translations = false)
        : raw_(pml4.raw() | pcid | (keep_translations ? no_flush : 0)) {}
    static Cr3 read() { return Cr3(read_cr3()); }
    void write() const { write_cr3(raw_); }
    constexpr PhysAddr pml4() const { return PhysAddr(raw_ & 0x000f'ffff'ffff'f000); }
    constexpr Word pcid() const { return raw_ & (pcid_count - 1); }
    constexpr bool keeps_translations() const { return (raw_ & no_flush) != 0; }
    constexpr Word raw() const { return raw_; }
    constexpr bool operator==(const Cr3&) const = default;

private:
    Word raw_;
};

/// SDM Vol. 3A, "Control Registers".
class Cr4 {
public:
    static constexpr Word debugging_extensions = 1u << 3; ///< DE
    static constexpr Word page_size_extensions = 1u << 4; ///< PSE
    static constexpr Word pae = 1u << 5;                  ///< PAE
    static constexpr Word machine_check = 1u << 6;        ///< MCE
    static constexpr Word global_pages = 1u << 7;         ///< PGE
    static constexpr Word performance_counter = 1u << 8;  ///< PCE: RDPMC in ring 3
    static constexpr Word fxsave = 1u << 9;               ///< OSFXSR
    static constexpr Word simd_exceptions = 1u << 10;     ///< OSXMMEXCPT
    static constexpr Word umip = 1u << 11;                ///< UMIP: no SGDT, SIDT, SLDT, SMSW, STR in ring 3
    static constexpr Word fsgsbase = 1u << 16;            ///< FSGSBASE
    static constexpr Word pcid = 1u << 17;                ///< PCIDE
    static constexpr Word xsave = 1u << 18;               ///< OSXSAVE
    static constexpr Word smep = 1u << 20;                ///< SMEP
    static constexpr Word smap = 1u << 21;                ///< SMAP

    explicit constexpr Cr4(Word raw) : raw_(raw) {}
    static Cr4 read() { return Cr4(read_cr4()); }
    void write() const { write_cr4(raw_); }
    constexpr bool has(Word bits) const { return (raw_ & bits) == bits; }
    constexpr Cr4 with(Word bits, bool wanted = true) const { return wanted ? Cr4(raw_ | bits) : *this; }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// Extended feature enables (SDM Vol. 4, IA32_EFER).
class Efer {
public:
    static constexpr Word syscall = 1u << 0;      ///< SCE
    static constexpr Word long_mode = 1u << 8;    ///< LME
    static constexpr Word long_active = 1u << 10; ///< LMA
    static constexpr Word no_execute = 1u << 11;  ///< NXE

    explicit constexpr Efer(Word raw) : raw_(raw) {}
    static Efer read() { return Efer(rdmsr(msr::efer)); }
    void write() const { wrmsr(msr::efer, raw_); }
    constexpr bool has(Word bits) const { return (raw_ & bits) == bits; }
    constexpr Efer with(Word bits, bool wanted = true) const { return wanted ? Efer(raw_ | bits) : *this; }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// SDM Vol. 1, "EFLAGS Register".
namespace rflags {
inline constexpr Word always_one = 1u << 1;
inline constexpr Word trap = 1u << 8;
inline constexpr Word interrupt = 1u << 9;
inline constexpr Word direction = 1u << 10;
inline constexpr Word io_privilege = 3u << 12;
inline constexpr Word nested_task = 1u << 14;
inline constexpr Word resume = 1u << 16;
inline constexpr Word alignment_check = 1u << 18;
} // namespace rflags

/// State components that XSAVE manages (SDM Vol. 1, "XSAVE-Supported Features and State-Component Bitmaps").
class Xcr0 {
public:
    static constexpr Word x87 = 1u << 0;
    static constexpr Word sse = 1u << 1;
    static constexpr Word avx = 1u << 2;

    explicit constexpr Xcr0(Word raw) : raw_(raw) {}
    static Xcr0 read() { return Xcr0(xgetbv(0)); }
    void write() const { xsetbv(0, raw_); }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// The page attribute table: which memory type a table entry's PAT, PCD and PWT bits (index 4, 2, 1) stand for.
/// Indices 0-3 are the power-on values; 4 is write-combining, 5-7 repeat 1-3 (SDM Vol. 3A, "Page Attribute Table").
class Pat {
public:
    enum class Type : uint8_t { uncacheable = 0, write_combining = 1, write_through = 4, write_back = 6, uncached = 7 };

    static constexpr uint64_t raw() {
        constexpr Type types[8] = {Type::write_back,      Type::write_through, Type::uncached, Type::uncacheable,
                                   Type::write_combining, Type::write_through, Type::uncached, Type::uncacheable};
        uint64_t value = 0;
        for (unsigned i = 0; i < 8; i++)
            value |= uint64_t{static_cast<uint8_t>(types[i])} << (8 * i);
        return value;
    }
    static void write() { wrmsr(msr::pat, raw()); }
};

static_assert(Pat::raw() == 0x0007'0401'0007'0406);
static_assert(Cr3(PhysAddr(0x1234'5000), 7, true).pml4() == PhysAddr(0x1234'5000));
static_assert(Cr3(PhysAddr(0x1234'5000), 7, true).raw() == 0x8000'0000'1234'5007);

} // namespace kernel::x86
