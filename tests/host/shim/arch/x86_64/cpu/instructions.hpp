// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the kernel's header of this name in host tests: the same functions on a simulated CPU, whose state and
// record of what was executed a test reads and sets through `kernel::x86::simulated`.
#pragma once

#include <mem/address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace kernel::x86 {

struct CpuidResult {
    uint32_t eax, ebx, ecx, edx;
};

struct [[gnu::packed]] TablePointer {
    uint16_t limit;
    uint64_t base;
};

enum class InvpcidType : Word { address = 0, context = 1, all_and_global = 2, all = 3 };

/// State and history of the simulated CPU. `simulated.reset()` at the start of a test.
struct SimulatedCpu {
    struct PortWrite {
        uint16_t port;
        unsigned bits; ///< 8, 16 or 32
        uint32_t value;
        bool operator==(const PortWrite&) const = default;
    };
    struct MmioWrite {
        Word address;
        uint32_t value;
        bool operator==(const MmioWrite&) const = default;
    };
    struct Invpcid {
        InvpcidType type;
        Word pcid;
        Word address;
        bool operator==(const Invpcid&) const = default;
    };

    // State.
    uint64_t tsc = 0;
    uint64_t tsc_step = 0; ///< added after each RDTSC
    Word cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, dr7 = 0, xcr0 = 0, fs_base = 0, gs_base = 0;
    TablePointer gdt{}, idt{};
    std::map<uint32_t, uint64_t> msrs;
    std::map<std::pair<uint32_t, uint32_t>, CpuidResult> cpuid; ///< by (leaf, subleaf); others read as zeroes
    alignas(64) std::array<uint8_t, 832> fpu{}; ///< what FXSAVE (512) and XSAVE (576; with AVX 832) store
    std::map<uint16_t, std::deque<uint32_t>> port_input; ///< by port: what IN reads next; the last one stays
    std::map<Word, uint32_t> mmio; ///< by virtual address
    std::deque<Word> pending_interrupts; ///< vectors, delivered in the next interrupt window
    std::function<void(Word)> deliver_interrupt; ///< called with each vector
    std::function<void()> on_interrupt_window; ///< called before what is pending is delivered
    std::function<void()> on_idle; ///< the same, in wait_for_interrupt
    std::function<void(uint16_t, unsigned, uint32_t)> on_port_write;
    std::function<void(Word, uint32_t)> on_mmio_write;
    std::function<void(Word)> on_cr3_load;              ///< the value, bit 63 included
    std::function<void(Word)> on_cr4_load;
    std::function<void(VirtAddr)> on_invlpg;
    std::function<void(const Invpcid&)> on_invpcid;

    // History.
    std::vector<Word> cr3_loads;
    std::vector<VirtAddr> invlpg;
    std::vector<Invpcid> invpcid;
    std::vector<PortWrite> port_writes;
    std::vector<MmioWrite> mmio_writes;
    unsigned fpu_saves = 0, fpu_restores = 0, interrupt_windows = 0, idle_waits = 0;

    void reset() { *this = SimulatedCpu(); }
    void forget_history() {
        cr3_loads.clear();
        invlpg.clear();
        invpcid.clear();
        port_writes.clear();
        mmio_writes.clear();
    }

    void deliver_all() {
        while (!pending_interrupts.empty()) {
            const Word vector = pending_interrupts.front();
            pending_interrupts.pop_front();
            if (deliver_interrupt)
                deliver_interrupt(vector);
        }
    }
};
inline SimulatedCpu simulated;

inline CpuidResult cpuid(uint32_t leaf, uint32_t subleaf = 0) {
    const auto found = simulated.cpuid.find({leaf, subleaf});
    return found == simulated.cpuid.end() ? CpuidResult{} : found->second;
}
inline uint64_t rdtsc() { return std::exchange(simulated.tsc, simulated.tsc + simulated.tsc_step); }
inline void pause() {}
inline void mfence() {}

inline void cli() {}
/// A halted CPU executes nothing more: a test that gets here has failed.
[[noreturn]] inline void hlt() { std::abort(); }
inline void wait_for_interrupt() {
    simulated.idle_waits++;
    if (simulated.on_idle)
        simulated.on_idle();
    simulated.deliver_all();
}
inline void interrupt_window() {
    simulated.interrupt_windows++;
    if (simulated.on_interrupt_window)
        simulated.on_interrupt_window();
    simulated.deliver_all();
}

inline Word read_cr0() { return simulated.cr0; }
inline void write_cr0(Word value) { simulated.cr0 = value; }
inline Word read_cr2() { return simulated.cr2; }
inline Word read_cr3() { return simulated.cr3; }
inline void write_cr3(Word value) {
    simulated.cr3 = value & ~(Word{1} << 63); // the no-flush bit reads back as 0
    simulated.cr3_loads.push_back(value);
    if (simulated.on_cr3_load)
        simulated.on_cr3_load(value);
}
inline Word read_cr4() { return simulated.cr4; }
inline void write_cr4(Word value) {
    simulated.cr4 = value;
    if (simulated.on_cr4_load)
        simulated.on_cr4_load(value);
}
inline void write_dr7(Word value) { simulated.dr7 = value; }
inline uint64_t rdmsr(uint32_t msr) { return simulated.msrs[msr]; }
inline void wrmsr(uint32_t msr, uint64_t value) { simulated.msrs[msr] = value; }
inline uint64_t rdmsr_if_there(uint32_t msr) { return simulated.msrs.contains(msr) ? simulated.msrs[msr] : 0; }
inline void wrmsr_if_there(uint32_t msr, uint64_t value) {
    if (simulated.msrs.contains(msr))
        simulated.msrs[msr] = value;
}
inline void xsetbv(uint32_t, uint64_t value) { simulated.xcr0 = value; }
inline Word rdfsbase() { return simulated.fs_base; }
inline Word rdgsbase() { return simulated.gs_base; }
inline void wrfsbase(Word value) { simulated.fs_base = value; }
inline void wrgsbase(Word value) { simulated.gs_base = value; }

inline void lgdt(const TablePointer& pointer) { simulated.gdt = pointer; }
inline void lidt(const TablePointer& pointer) { simulated.idt = pointer; }
inline void sgdt(TablePointer& pointer) { pointer = simulated.gdt; }
inline void sidt(TablePointer& pointer) { pointer = simulated.idt; }
inline void lldt(uint16_t) {}
inline void ltr(uint16_t) {}
inline void load_segments(uint16_t, uint16_t) {}

inline void invlpg(VirtAddr address) {
    simulated.invlpg.push_back(address);
    if (simulated.on_invlpg)
        simulated.on_invlpg(address);
}
inline void invpcid(InvpcidType type, Word pcid, VirtAddr address) {
    simulated.invpcid.push_back({type, pcid, address.raw()});
    if (simulated.on_invpcid)
        simulated.on_invpcid(simulated.invpcid.back());
}

inline void clts() { simulated.cr0 &= ~Word{8}; }
inline void fxsave(void* area) {
    simulated.fpu_saves++;
    std::memcpy(area, simulated.fpu.data(), 512);
}
inline void fxrstor(const void* area) {
    simulated.fpu_restores++;
    std::memcpy(simulated.fpu.data(), area, 512);
}
/// With AVX (component 2) 256 bytes more, which mean something only where the header's first byte names them.
[[gnu::noinline]] inline void xsave(void* area, uint32_t components) {
    simulated.fpu_saves++;
    std::memcpy(area, simulated.fpu.data(), components & 4 ? 832 : 576);
    if (components & 4)
        static_cast<uint8_t*>(area)[512] = 4;
}
[[gnu::noinline]] inline void xrstor(const void* area, uint32_t components) {
    simulated.fpu_restores++;
    const bool has_avx = (components & 4) != 0 && (static_cast<const uint8_t*>(area)[512] & 4) != 0;
    std::memcpy(simulated.fpu.data(), area, has_avx ? 832 : 576);
    if ((components & 4) != 0 && !has_avx)
        std::memset(simulated.fpu.data() + 576, 0, 256);
}

inline void stosq_zero(void* start, size_t bytes) { std::memset(start, 0, bytes & ~size_t{7}); }

inline void movsq_copy(void* to, const void* from, size_t words) { std::memmove(to, from, words * 8); }
inline void movsb_copy(void* to, const void* from, size_t bytes) { std::memmove(to, from, bytes); }
inline void stosb_fill(void* start, uint8_t value, size_t bytes) { std::memset(start, value, bytes); }

inline uint32_t mmio_read32(VirtAddr address) { return simulated.mmio[address.raw()]; }
inline void mmio_write32(VirtAddr address, uint32_t value) {
    simulated.mmio_writes.push_back({address.raw(), value});
    simulated.mmio[address.raw()] = value;
    if (simulated.on_mmio_write)
        simulated.on_mmio_write(address.raw(), value);
}

namespace simulated_ports {
inline uint32_t read(uint16_t port, uint32_t floating) {
    auto& values = simulated.port_input[port];
    if (values.empty())
        return floating;
    const uint32_t value = values.front();
    if (values.size() > 1)
        values.pop_front();
    return value;
}
inline void write(uint16_t port, unsigned bits, uint32_t value) {
    simulated.port_writes.push_back({port, bits, value});
    if (simulated.on_port_write)
        simulated.on_port_write(port, bits, value);
}
} // namespace simulated_ports

// A port without a device reads as all ones.
inline uint8_t in8(uint16_t port) { return static_cast<uint8_t>(simulated_ports::read(port, 0xff)); }
inline uint16_t in16(uint16_t port) { return static_cast<uint16_t>(simulated_ports::read(port, 0xffff)); }
inline uint32_t in32(uint16_t port) { return simulated_ports::read(port, 0xffff'ffff); }
inline void out8(uint16_t port, uint8_t value) { simulated_ports::write(port, 8, value); }
inline void out16(uint16_t port, uint16_t value) { simulated_ports::write(port, 16, value); }
inline void out32(uint16_t port, uint32_t value) { simulated_ports::write(port, 32, value); }

} // namespace kernel::x86
