// SPDX-License-Identifier: BSD-2-Clause
// The C++ side of every kernel entry. Called by arch/x86_64/trap.
#pragma once

#include <system.hpp>

namespace kernel {

/// A SYSCALL from ring 3; `context.rip` is behind the instruction. Returns what to resume.
extern "C" Context* syscall_entry(Context* context);
/// An exception or interrupt from ring 3. Returns what to resume.
extern "C" Context* trap_entry(Context* context);
/// An interrupt that arrived in ring 0: only noted.
extern "C" void kernel_interrupt(Word vector);

/// Deals with what was noted, schedules, idles while there is nothing to run.
Context* settle();
/// Ends a kernel entry.
inline Context* leave_kernel() {
    if (!cpu.unsettled) [[likely]]
        return &cpu.current->context;
    return settle();
}

} // namespace kernel
