// SPDX-License-Identifier: BSD-2-Clause
// What the kernel's memory means. The only file of the lockstep test, with kernel_machine.cpp, that knows the kernel's
// layouts: objects are named by physical address, their types by the specification's numbers.
#pragma once

#include <lockstep/record.hpp>

namespace lockstep::kernel_view {

/// Places of FPU registers in their saved state (legacy region): the first of x87, the last of SSE.
inline constexpr unsigned first_fpu_register = 32, last_fpu_register = 400;

/// Address of the running thread; 0: idle.
Word running();
/// When the timer will go off.
Word timer();
Word charged_until();

/// A slot's place in the list of derived capabilities, and what it holds. Places are host addresses.
using Place = const void*;
Place cnode_slot(Word cnode, Word index);
Place thread_slot(Word thread, unsigned index);
Place irq_slot(Word line);
bool is_empty(Place slot);
Record slot(Place slot);
Place next(Place slot);
Place previous(Place slot);
bool has_children(Place slot);
bool is_parent(Place parent, Place child);

Record thread(Word address);
/// MR0 of the answer that a thread has got; all ones if that is an error.
Word answered(Word thread);
/// Two words of its FPU registers.
Record fpu(Word thread);
Record endpoint(Word address);
Record notification(Word address);
Record reply(Word address);
Record sched_context(Word address);
/// By its index: its address spaces.
Record asid_pool(unsigned index);
/// Threads ready at this priority, the first to run first.
Record ready(unsigned priority);
Record irq_line(Word line);
/// Of the I/O APIC, as its registers say.
Record pin(unsigned number);
bool port_is_issued(Word port);

/// Memory as the host sees it.
const uint64_t* memory(Word address);

} // namespace lockstep::kernel_view
