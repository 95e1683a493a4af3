// SPDX-License-Identifier: BSD-2-Clause
// Page faults through a keeper table: the page tables say who pages the region, and that one is told. The CNode in the
// fault-handler slot is the table: its slots are named by keeper index, slot 0 is the supervisor's.
#pragma once

#include <arch/x86_64/paging/walk.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// Where the access that faulted ended. The kernel half, and a space that is gone, show nothing.
KeeperWalk walk_of(const Tcb& thread);

/// The pending page fault of `thread`, which has a keeper table, becomes a keeper fault; its walk was `found`. Returns the
/// endpoint through which it is told; null if nobody can be.
const Capability* begin_keeper_fault(Tcb& thread, const KeeperWalk& found);
/// The supervisor's endpoint; null if there is none.
const Capability* supervisor(const Tcb& thread);

/// The pending keeper fault of `thread` as a message with `badge` to `receiver`; its walk is `found` by now. Returns its MR2.
Word write_keeper_message(const Tcb& thread, const KeeperWalk& found, Word badge, Tcb& receiver);
/// Whether the tables permit by now what `thread`, in a keeper fault, tried: then nobody need be told. Not twice in a row at
/// one place: that a page is there may be what is wrong.
bool is_settled_meanwhile(Tcb& thread);

} // namespace kernel
