// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/fpu.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <lib/count.hpp>
#include <sched/switch.hpp>
#include <space/address_space.hpp>

namespace kernel {
namespace {

void save_segments(Context& context) {
    if (kernel_state.features.fsgsbase) {
        context.fs_base = x86::rdfsbase();
        context.gs_base = x86::rdgsbase();
    }
    // Without FSGSBASE ring 3 cannot change them: what the TCB says is what is loaded.
}

void load_segments(const Context& context) {
    if (kernel_state.features.fsgsbase) {
        x86::wrfsbase(context.fs_base);
        x86::wrgsbase(context.gs_base);
    } else {
        x86::wrmsr(x86::msr::fs_base, context.fs_base);
        x86::wrmsr(x86::msr::gs_base, context.gs_base);
    }
}

void trap_fpu(bool trap) {
    if (trap == cpu.fpu_trapped)
        return;
    cpu.fpu_trapped = trap;
    if (trap)
        x86::Cr0::read().with(x86::Cr0::task_switched).write();
    else
        x86::clts();
}

void save_fpu(Tcb& thread) {
    if (thread.fpu_disabled)
        return;
    count(Event::fpu_save);
    x86::fpu_save(thread.fpu.data());
}

/// A thread that may not use the FPU finds it trapped, and nobody's secrets behind the trap.
void load_fpu(const Tcb& thread) {
    trap_fpu(false);
    if (!thread.fpu_disabled)
        return x86::fpu_restore(thread.fpu.data());
    static constexpr x86::FpuState clean = x86::initial_fpu_state();
    x86::fpu_restore(clean.bytes.data());
    trap_fpu(true);
}

} // namespace

void save_loaded(Tcb& thread) {
    if (cpu.loaded != &thread)
        return;
    save_segments(thread.context);
    save_fpu(thread);
}

void forget_loaded(Tcb& thread) {
    if (cpu.loaded == &thread)
        cpu.loaded = nullptr;
}

void switch_to(Tcb& thread) {
    load_space(thread);
    if (cpu.loaded == &thread)
        return;
    if (cpu.loaded)
        save_loaded(*cpu.loaded);
    load_segments(thread.context);
    load_fpu(thread);
    cpu.loaded = &thread;
    x86::enter_into(thread.context);
}

void program_timer(Ticks deadline) { x86::set_timer(deadline.value); }

} // namespace kernel
