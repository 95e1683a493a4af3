// SPDX-License-Identifier: BSD-2-Clause
#include <sched/switch.hpp>

namespace kernel {
namespace {

void trap_fpu(bool trap) {
    if (trap == cpu.fpu_trapped)
        return;
    cpu.fpu_trapped = trap;
    if (trap)
        x86::write_cr0(x86::read_cr0() | x86::cr0::task_switched);
    else
        x86::clts();
}

void save_fpu(Tcb& thread) {
    if (thread.fpu_disabled)
        return;
    count(Event::fpu_save);
    x86::fpu_save(thread.fpu.data());
}

} // namespace

void exchange_fpu(Tcb* old, const Tcb& thread) {
    trap_fpu(false);
    if (old)
        save_fpu(*old);
    // A thread that may not use the FPU finds it trapped, and nobody's secrets behind the trap.
    static constexpr x86::FpuState clean = x86::initial_fpu_state();
    x86::fpu_restore(thread.fpu_disabled ? clean.bytes.data() : thread.fpu.data());
    trap_fpu(thread.fpu_disabled);
}

void save_loaded(Tcb& thread) {
    if (cpu.loaded != &thread)
        return;
    save_segments(thread.context);
    save_fpu(thread);
}

void unload(Tcb& thread) {
    if (cpu.loaded != &thread)
        return;
    save_loaded(thread);
    cpu.loaded = nullptr;
    cpu.unsettled = true;
}

} // namespace kernel
