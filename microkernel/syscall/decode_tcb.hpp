// SPDX-License-Identifier: BSD-2-Clause
// What the decoders of thread methods share.
#pragma once

#include <lifetime/thread_space.hpp>
#include <object/sched_context.hpp>
#include <syscall/invocation.hpp>

#include <initializer_list>

namespace kernel {

/// The maximum controlled priority of the thread that vouches; InvalidCapability `number` if it is none.
Answer<Word> authority_mcp(const Slot& authority, Word number = 1);
/// RangeError 0..mcp.
Answer<Word> permitted_priority(Word wanted, Word mcp);
/// A context that `thread` may run on: bound to it already, or both are free and a blocked thread would have budget.
/// InvalidCapability `number` if it is none, else IllegalOperation.
Answer<SchedContext*> bindable_context(const Capability& cap, const Tcb& thread, Word number);

/// A place in a thread, and what is to go there.
struct Replacement {
    TcbSlot which;
    const Installation& by;
};
/// Empties places of `thread`, which `call` names, in this order, then fills them. Preempted: the call is executed again, if
/// there is anybody left to do so: what was emptied may have held the thread's last capability, and then nothing may be put
/// there any more.
[[nodiscard]] Progress replace(const Invocation& call, Tcb& thread, std::initializer_list<Replacement> replacements);

Outcome read_registers(const Invocation& call, Tcb& thread);
Outcome write_registers(const Invocation& call, Tcb& thread);
Outcome copy_registers(const Invocation& call, Tcb& thread);

} // namespace kernel
