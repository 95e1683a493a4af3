// SPDX-License-Identifier: BSD-2-Clause
// All inline assembly of the kernel: one function per instruction, named as in the Intel SDM, Vol. 2.
// tests/host/shim has a header of this name for the host tests; typed registers are in cpu/registers.hpp.
#pragma once

#include <mem/address.hpp>

#include <cstddef>

namespace kernel::x86 {

// --- Identification and time -----------------------------------------------------------------------------------------

struct CpuidResult {
    uint32_t eax, ebx, ecx, edx;
};

inline CpuidResult cpuid(uint32_t leaf, uint32_t subleaf = 0) {
    CpuidResult r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

/// Not serialising: may be read a few instructions early.
inline uint64_t rdtsc() {
    uint64_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)); // clears the upper halves
    return high << 32 | low;
}

inline void pause() { asm volatile("pause"); }
inline void mfence() { asm volatile("mfence" ::: "memory"); }

// --- Interrupts ------------------------------------------------------------------------------------------------------

inline void cli() { asm volatile("cli" ::: "memory"); }

/// Stops for ever, unless an NMI comes by: only after cli.
inline void hlt() { asm volatile("hlt" ::: "memory"); }

/// Sleeps until an interrupt has been delivered; interrupts are off again on return. STI holds back interrupts for one
/// instruction, so none can slip in between STI and HLT and leave the CPU asleep.
inline void wait_for_interrupt() { asm volatile("sti; hlt; cli" ::: "memory"); }

/// Takes the interrupts that are pending now; interrupts are off again on return. STI holds back interrupts for one
/// instruction: without the NOP none would be taken.
inline void interrupt_window() { asm volatile("sti; nop; cli" ::: "memory"); }

// --- Control, segment base and model-specific registers --------------------------------------------------------------

template <unsigned number>
Word read_cr() {
    Word value;
    asm volatile("mov %%cr%c1, %0" : "=r"(value) : "i"(number));
    return value;
}
inline Word read_cr0() { return read_cr<0>(); }
inline Word read_cr2() { return read_cr<2>(); }
inline Word read_cr3() { return read_cr<3>(); }
inline Word read_cr4() { return read_cr<4>(); }
inline void write_cr0(Word value) { asm volatile("mov %0, %%cr0" ::"r"(value) : "memory"); }
inline void write_cr3(Word value) { asm volatile("mov %0, %%cr3" ::"r"(value) : "memory"); }
inline void write_cr4(Word value) { asm volatile("mov %0, %%cr4" ::"r"(value) : "memory"); }
inline void write_dr7(Word value) { asm volatile("mov %0, %%dr7" ::"r"(value)); }

/// A register that the CPU does not have raises #GP, which is a kernel panic.
inline uint64_t rdmsr(uint32_t msr) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return uint64_t{high} << 32 | low;
}
inline void wrmsr(uint32_t msr, uint64_t value) {
    asm volatile("wrmsr" ::"c"(msr), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}
/// A register that the CPU refuses reads 0 and takes no write (trap/entry.S).
extern "C" uint64_t rdmsr_if_there(uint32_t msr);
extern "C" void wrmsr_if_there(uint32_t msr, uint64_t value);

/// Only with CR4.OSXSAVE.
inline void xsetbv(uint32_t index, uint64_t value) {
    asm volatile("xsetbv" ::"c"(index), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

// Only with CR4.FSGSBASE.
inline Word rdfsbase() {
    Word value;
    asm volatile("rdfsbase %0" : "=r"(value));
    return value;
}
inline Word rdgsbase() {
    Word value;
    asm volatile("rdgsbase %0" : "=r"(value));
    return value;
}
inline void wrfsbase(Word value) { asm volatile("wrfsbase %0" ::"r"(value)); }
inline void wrgsbase(Word value) { asm volatile("wrgsbase %0" ::"r"(value)); }

// --- Descriptor tables -----------------------------------------------------------------------------------------------

/// Operand of LGDT and LIDT.
struct [[gnu::packed]] TablePointer {
    uint16_t limit; ///< bytes - 1
    uint64_t base;
};
static_assert(sizeof(TablePointer) == 10);

inline void lgdt(const TablePointer& table) { asm volatile("lgdt %0" ::"m"(table)); }
inline void lidt(const TablePointer& table) { asm volatile("lidt %0" ::"m"(table)); }
inline void sgdt(TablePointer& table) { asm volatile("sgdt %0" : "=m"(table)); }
inline void sidt(TablePointer& table) { asm volatile("sidt %0" : "=m"(table)); }
inline void lldt(uint16_t selector) { asm volatile("lldt %0" ::"r"(selector)); }
inline void ltr(uint16_t selector) { asm volatile("ltr %0" ::"r"(selector)); }

/// CS through a far return, the data segments with `data`; FS and GS bases become 0 where the CPU clears them on a
/// load.
inline void load_segments(uint16_t code, uint16_t data) {
    asm volatile("pushq %0\n"
                 "leaq 1f(%%rip), %%rax\n"
                 "pushq %%rax\n"
                 "lretq\n"
                 "1: movl %1, %%ds\n"
                 "movl %1, %%es\n"
                 "movl %1, %%ss\n"
                 "movl %1, %%fs\n"
                 "movl %1, %%gs\n" ::"r"(Word{code}),
                 "r"(uint32_t{data})
                 : "rax", "memory");
}

// --- Translations ----------------------------------------------------------------------------------------------------

inline void invlpg(VirtAddr address) { asm volatile("invlpg (%0)" ::"r"(address.raw()) : "memory"); }

/// SDM Vol. 2, INVPCID: what is thrown away.
enum class InvpcidType : Word { address = 0, context = 1, all_and_global = 2, all = 3 };

inline void invpcid(InvpcidType type, Word pcid, VirtAddr address) {
    const Word descriptor[2] = {pcid, address.raw()};
    asm volatile("invpcid %0, %1" ::"m"(descriptor), "r"(static_cast<Word>(type)) : "memory");
}

// --- FPU and vector state --------------------------------------------------------------------------------------------

inline void clts() { asm volatile("clts"); }

// Areas of FXSAVE are 512 bytes and 16-aligned, those of XSAVE 576 or more and 64-aligned.
inline void fxsave(void* area) { asm volatile("fxsave64 (%0)" ::"r"(area) : "memory"); }
inline void fxrstor(const void* area) { asm volatile("fxrstor64 (%0)" ::"r"(area) : "memory"); }

inline void xsave(void* area, uint32_t components) {
    asm volatile("xsave64 (%0)" ::"r"(area), "a"(components), "d"(0) : "memory");
}
inline void xrstor(const void* area, uint32_t components) {
    asm volatile("xrstor64 (%0)" ::"r"(area), "a"(components), "d"(0) : "memory");
}

// --- Memory ----------------------------------------------------------------------------------------------------------

/// Zeroes `bytes`, a multiple of 8. One instruction step per 8 bytes.
inline void stosq_zero(void* start, size_t bytes) {
    size_t count = bytes / 8;
    asm volatile("rep stosq" : "+D"(start), "+c"(count) : "a"(0) : "memory");
}

// Upwards: `to` may overlap `from` only if it lies below.
inline void movsq_copy(void* to, const void* from, size_t words) {
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}
inline void movsb_copy(void* to, const void* from, size_t bytes) {
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
}
inline void stosb_fill(void* start, uint8_t value, size_t bytes) {
    asm volatile("rep stosb" : "+D"(start), "+c"(bytes) : "a"(value) : "memory");
}

inline uint32_t mmio_read32(VirtAddr address) {
    uint32_t value;
    asm volatile("movl (%1), %0" : "=r"(value) : "r"(address.raw()) : "memory");
    return value;
}
inline void mmio_write32(VirtAddr address, uint32_t value) {
    asm volatile("movl %0, (%1)" ::"r"(value), "r"(address.raw()) : "memory");
}

// --- Ports -----------------------------------------------------------------------------------------------------------

template <class T>
T in(uint16_t port) {
    T value;
    asm volatile("in %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline uint8_t in8(uint16_t port) { return in<uint8_t>(port); }
inline uint16_t in16(uint16_t port) { return in<uint16_t>(port); }
inline uint32_t in32(uint16_t port) { return in<uint32_t>(port); }
inline void out8(uint16_t port, uint8_t value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
inline void out16(uint16_t port, uint16_t value) { asm volatile("outw %0, %1" ::"a"(value), "Nd"(port)); }
inline void out32(uint16_t port, uint32_t value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }

} // namespace kernel::x86
