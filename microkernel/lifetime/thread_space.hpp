// SPDX-License-Identifier: BSD-2-Clause
// The capabilities inside a TCB: which ones may be put there, and exchanging them.
#pragma once

#include <cap/error.hpp>
#include <lifetime/delete.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// A capability that is to go into a TCB, and where it comes from.
struct Installation {
    Capability cap;         ///< null: the place is emptied
    Slot* source = nullptr; ///< the new capability becomes its child
    Capability source_cap;  ///< what `source` held when this was decided
    Word buffer_at = 0;     ///< user address of an IPC buffer
};

/// `data` = 0 leaves the guard. IllegalOperation if it is no CNode or the guard does not fit.
Answer<Installation> cspace_installation(Slot& source, Word data);
/// IllegalOperation if it is no PML4 with an ASID.
Answer<Installation> vspace_installation(Slot& source);
/// `address` = 0: no buffer. IllegalOperation unless a frame in RAM; AlignmentError.
Answer<Installation> ipc_buffer_installation(Slot& source, Word address);
/// A null capability (none), an endpoint with write and grant or grant-reply, or, if the call was shown the address space
/// that it gives authority over, a CNode as keeper table; else InvalidCapability `number`.
Answer<Installation> handler_installation(Slot& source, Word number, bool may_be_table = false);

/// Puts the capability into the empty `which`, unless its source has vanished meanwhile.
void install(Tcb& thread, TcbSlot which, const Installation& installation);
/// The capability in `slot`, a place inside a TCB, is going away: its thread forgets what it knew of it.
void forget_capability(Slot& slot);

} // namespace kernel
