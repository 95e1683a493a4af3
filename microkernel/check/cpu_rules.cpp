// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/entry_area.hpp>
#include <check/machine_record.hpp>
#include <check/rules.hpp>
#include <sched/scheduler.hpp>
#include <space/address_space.hpp>

namespace kernel {
namespace {

/// CR3 as it reads, and what ring 3 will run on.
bool has_right_tables() {
    const Word wanted = loaded_cr3(true).raw();
    if (kernel_state.features.isolation)
        return x86::entry_area.user_cr3 == wanted &&
               x86::read_cr3() == (x86::entry_area.kernel_cr3 & ~x86::Cr3::no_flush);
    return x86::read_cr3() == (wanted & ~x86::Cr3::no_flush);
}

Sound check_address_space() {
    const Word loaded = cpu.loaded_space;
    TRY(holds(loaded == 0 || kernel_state.spaces[asid_in(loaded).value] == loaded,
              "22: what is loaded is a live space"));
    if (cpu.current) {
        const Capability& vspace = cpu.current->cap(TcbSlot::vspace);
        TRY(holds(loaded == (is_live_space(vspace) ? vspace.raw0() : 0), "22: the running thread's space is loaded"));
    }
    return holds(has_right_tables(), "22: CR3 is what the kernel believes");
}

/// FPU, segment bases and entry stack belong to whom the kernel believes.
Sound check_loaded(const Tcb& running) {
    TRY(holds(cpu.loaded == &running, "30: the running thread's registers are in the CPU"));
    TRY(holds(x86::entry_area.tss.rsp0 == reinterpret_cast<Word>(&running.context + 1),
              "29: the next entry saves its registers in the running thread"));
    return holds(cpu.fpu_trapped == running.fpu_disabled, "30: the FPU is trapped for who may not use it");
}

} // namespace

Sound check_cpu(const Census& census) {
    constexpr unsigned most_steps = 16;
    TRY(holds(census.has_current || !cpu.current, "23: the running thread has a capability"));
    TRY(holds(census.has_loaded || !cpu.loaded, "30: the thread whose registers are in the CPU has a capability"));
    if (cpu.current)
        TRY(check_loaded(*cpu.current));
    TRY(holds(((x86::read_cr0() & x86::cr0::task_switched) != 0) == cpu.fpu_trapped,
              "30: CR0.TS is as the kernel believes"));
    TRY(holds(cpu.steps < most_steps, "31: a long operation looks for interrupts in time"));
    TRY(check_address_space());
    return check_machine();
}

} // namespace kernel
