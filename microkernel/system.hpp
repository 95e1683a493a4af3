// SPDX-License-Identifier: BSD-2-Clause
// The kernel's only mutable globals: `cpu`, what this CPU is doing, and `kernel_state`, what all CPUs would share.
#pragma once

#include <arch/x86_64/cpu/cpuid.hpp>
#include <arch/x86_64/interrupt/ioapic.hpp>
#include <lib/fixed_list.hpp>
#include <sched/ready_queues.hpp>
#include <sched/release_queue.hpp>

namespace kernel {

/// What this CPU is doing. A kernel entry that leaves `unsettled` false returns to where it came from at once.
struct Cpu {
    Tcb* current = nullptr;          ///< null = idle
    SchedContext* context = nullptr; ///< pays for this kernel entry; null = idle
    Tcb* loaded = nullptr;           ///< thread whose segment bases and FPU registers are in the CPU
    Tcb* candidate = nullptr; ///< just woken: runs next if it may run before the others
    bool choosing = false;    ///< another thread than `current` may have to run
    bool unsettled = false;   ///< schedule() has something to do: decide, load, set the timer, take interrupts
    unsigned steps = 0;       ///< of a long operation since it looked for interrupts
    bool interrupted = false; ///< something stands in `pending_vectors`
    bool fpu_trapped = false; ///< CR0.TS is set
    Word loaded_space = 0;    ///< first word of the PML4's capability; 0 = the kernel's own tables
    Ticks now;                ///< time of this kernel entry
    Ticks charged_until;      ///< up to here `context` has paid
    Ticks last_entry;         ///< a kernel entry later than this ends the budget and does nothing else
    Ticks timer{never};       ///< when the timer will go off
    std::array<uint64_t, 4> pending_vectors{}; ///< interrupts that arrived in ring 0
};

/// Counts of `counting` kernels: what instruction counts hide.
enum class Event : uint8_t { kernel_entry, cr3_load, invalidation, fpu_save };
inline constexpr unsigned event_count = 4;

struct IrqLine {
    enum class Kind : uint8_t { free, ioapic, msi };
    Slot handler; ///< notification to signal, an ordinary child of the capability given
    Kind kind = Kind::free;
    uint8_t ioapic = 0;
    uint8_t pin = 0;
    x86::Redirection entry{0}; ///< of the pin
};
inline constexpr unsigned irq_line_count = 108;

struct KernelState {
    Slot capabilities; ///< stands in front of the list of all capabilities; holds none
    ReadyQueues ready;
    ReleaseQueue release;
    std::array<IrqLine, irq_line_count> irqs{};
    std::array<bool, abi::asid_pool_count> asid_pools{}; ///< which exist
    /// By ASID: first word of the PML4's capability; 0 = free. ASID 0, which no PML4 has, is never free.
    std::array<Word, abi::asid_pool_count * abi::asid_pool_entries> spaces{};
    std::array<uint64_t, 65536 / 64> issued_ports{};
    FixedList<PhysRange, 128> ram; ///< whatever the loader reported usable, boot modules included
    PhysAddr kernel_pml4;  ///< kernel half only: runs idle, and threads without an address space
    PhysAddr visible_pml4; ///< whose kernel half all address spaces show; with isolation that is not the kernel's own
    Word tsc_mhz = 0;
    Ticks min_budget; ///< what a kernel entry may need
    x86::CpuFeatures features;
    bool msr_calls = false; ///< boot option `msr`: system calls read and write model-specific registers
    std::array<Word, event_count> events{};

    Ticks ticks(Word microseconds) const { return Ticks{microseconds * tsc_mhz}; }
    Word microseconds(Ticks ticks) const { return ticks.value / tsc_mhz; }
};

extern Cpu cpu;
extern KernelState kernel_state;

/// Memory that behaves as memory: the kernel may look at it through the window.
bool is_ram(PhysAddr address);

} // namespace kernel
