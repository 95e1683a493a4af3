// SPDX-License-Identifier: BSD-2-Clause
// The CPU's side of a thread switch: address space, segment bases, FPU registers, entry stack.
#pragma once

#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/fpu.hpp>
#include <space/address_space.hpp>

namespace kernel {

inline void save_segments(Context& context) {
    if (kernel_state.features.fsgsbase) [[likely]] {
        context.fs_base = x86::rdfsbase();
        context.gs_base = x86::rdgsbase();
    }
    // Without FSGSBASE ring 3 cannot change them: what the TCB says is what is loaded.
}

inline void load_segments(const Context& context) {
    if (kernel_state.features.fsgsbase) [[likely]] {
        x86::wrfsbase(context.fs_base);
        x86::wrgsbase(context.gs_base);
    } else {
        x86::wrmsr(x86::msr::fs_base, context.fs_base);
        x86::wrmsr(x86::msr::gs_base, context.gs_base);
    }
}

/// FPU registers of `old` (null: nobody's) out, those of `thread` in, whoever of them may not use the FPU.
void exchange_fpu(Tcb* old, const Tcb& thread);

/// From `old`, which is loaded, to `thread`, which is not: what ring 3 needs to run it.
[[gnu::always_inline]] inline void exchange_loaded(Tcb& old, Tcb& thread) {
    load_space(thread);
    save_segments(old.context);
    load_segments(thread.context);
    if (old.fpu_disabled | thread.fpu_disabled) [[unlikely]] {
        exchange_fpu(&old, thread);
    } else {
        count(Event::fpu_save);
        x86::fpu_exchange(old.fpu.data(), thread.fpu.data());
    }
    cpu.loaded = &thread;
    x86::enter_into(thread.context);
}

/// Loads what ring 3 needs to run `thread`. Cheap if it is loaded already.
[[gnu::always_inline]] inline void switch_to(Tcb& thread) {
    if (cpu.loaded && cpu.loaded != &thread) [[likely]]
        return exchange_loaded(*cpu.loaded, thread);
    load_space(thread);
    if (cpu.loaded)
        return;
    load_segments(thread.context);
    exchange_fpu(nullptr, thread);
    cpu.loaded = &thread;
    x86::enter_into(thread.context);
}

/// Puts the live segment bases and FPU registers of `thread`, if it is loaded, into its TCB, so that they can be read.
void save_loaded(Tcb& thread);
/// The same where its saved state will be changed: nothing of it counts as loaded any more.
void unload(Tcb& thread);

} // namespace kernel
