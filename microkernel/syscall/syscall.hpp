// SPDX-License-Identifier: BSD-2-Clause
// The C++ side of every kernel entry. Called by arch/x86_64/trap.
#pragma once

#include <lib/count.hpp>

namespace kernel {

// A SYSCALL from ring 3; `context.rip` is behind the instruction. Returns what to resume.
extern "C" Context* call_entry(Context* context);       ///< Call
extern "C" Context* reply_recv_entry(Context* context); ///< ReplyRecv
extern "C" Context* syscall_entry(Context* context);    ///< any other number
/// An exception, or an interrupt, from ring 3. Returns what to resume.
extern "C" Context* exception_entry(Context* context);
extern "C" Context* interrupt_entry(Context* context);
/// An interrupt that arrived in ring 0: only noted.
extern "C" void kernel_interrupt(Word vector);

/// A system call of `thread`, by the long way.
Context* slow_syscall(Tcb& thread);
/// A fault of `thread`, by the long way.
Context* slow_fault(Tcb& thread, const FaultRecord& fault);
/// Deals with what was noted, schedules, idles while there is nothing to run.
Context* settle();
/// Ends a kernel entry.
inline Context* leave_kernel() {
    Context* const next = cpu.unsettled ? settle() : &cpu.current->context;
    leave();
    return next;
}

} // namespace kernel
