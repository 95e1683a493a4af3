// SPDX-License-Identifier: BSD-2-Clause
// Labels of the methods that kernel objects understand; what each takes, what it gives, and how it fails.
//
//   Object.Method([capabilities] words) -> words of the answer
//
// A method is invoked by Call on a capability of its object, the label being the one below. Send and NBSend invoke it
// as well, but nothing is reported then. Capabilities travel as extra capabilities, numbered from 1 (the invoked one is
// 0); words in message registers, numbered from 0. The answer's label is the error (abi/error.hpp), its badge 0.
//
// `fails` lists the errors with their detail words, in the order in which they are checked. The first one wins, and
// nothing has changed then. The name of an error set (below) stands for its errors. Not repeated at each method,
// because all have them, before their own and in this order: a capability or extra capability whose pointer leads
// nowhere is a CapFault of the caller; an empty slot or half deleted object InvalidCapability 0; a label that the
// object does not know IllegalOperation; fewer words or capabilities than the method takes TruncatedMessage.
//
// An index and its depth name a slot: the last `depth` bits of the index are resolved from a root CNode, exactly. Times
// are microseconds. Bits of flags that have no meaning are ignored. "Preemptible": where an interrupt waits the call
// stops between two steps and is executed again by itself. docs/reference/ is generated from this file (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

/// error set slot: FailedLookup 0 invalid_root: the root is no CNode; RangeError 1..64: the depth; FailedLookup 0: the
///   index leads nowhere, or not to exactly one slot
/// error set destination: slot; DeleteFirst: the slot is taken
/// error set source: FailedLookup 1 invalid_root: src_root is no CNode; RangeError 1..64: src_depth; FailedLookup 1:
///   the index leads nowhere, or not to exactly one slot; FailedLookup 1 missing_capability src_depth: an empty slot
/// error set copyable: RevokeFirst: an untyped with children; IllegalOperation: a capability that cannot be copied
///   (IRQControl, IOPortControl, a table that is not mapped, a PML4 without ASID, a half deleted object)
/// error set cspace: copyable; IllegalOperation: no CNode, or guard and radix above 64 bits
/// error set vspace: copyable; IllegalOperation: no PML4 with an ASID
/// error set buffer: copyable; IllegalOperation: no frame, or device memory; AlignmentError: the address, to 1024
/// error set place: InvalidCapability 1: vspace is no PML4 with an ASID; InvalidArgument 0: not in the user half;
///   FailedLookup 0 invalid_root: the ASID is not that of this space any longer
/// error set range: InvalidArgument 1: no entry of this structure, or below it, has this size; InvalidCapability 0: not
///   mapped; RangeError 1..512: count; RangeError 0..last: vaddr, to what the structure maps; AlignmentError: vaddr, to
///   the size; FailedLookup 0 missing_capability 39, 30 or 21: a paging structure is missing
/// error set handler_line: RangeError 0..107: vector; RevokeFirst: the vector is in use; destination
enum class Invocation : Word {
    /// Untyped.Retype([root] type, size_bits, node_index, node_depth, node_offset, num_objects) -> nothing
    /// Makes num_objects objects of a type in the free memory of this untyped; their capabilities go into
    /// neighbouring slots of a CNode, from node_offset on. Memory is given out upwards, aligned to the object, and
    /// cleared first (device memory never). With node_depth 0 the root itself is that CNode. Free again is what was
    /// given out only when no descendant is left. Preemptible.
    /// fails: InvalidArgument 0: no such type; RangeError 0..47: size_bits above 63, or an object above 2^47 bytes;
    ///   InvalidArgument 1: a CNode below 1, an untyped below 4, a scheduling context below 7; FailedLookup 0
    ///   missing_capability 0: node_depth is 0 and root no CNode; slot; FailedLookup 0 missing_capability node_depth:
    ///   no CNode there; RangeError 0..slots-1: node_offset; RangeError 1..256: num_objects; RangeError
    ///   1..slots-node_offset: they do not fit behind node_offset; DeleteFirst: one of the slots is taken;
    ///   NotEnoughMemory bytes_left: no room; InvalidArgument 1: device memory makes frames and untyped only
    untyped_retype = 1,

    /// TCB.ReadRegisters(flags, count) -> count registers
    /// Reads the first `count` registers (abi::UserRegister) of another thread; flags bit 0 suspends it first. Of a
    /// waiting thread the IP is that of its SYSCALL.
    /// fails: IllegalOperation: the caller itself; RangeError 1..20: count
    tcb_read_registers = 2,
    /// TCB.WriteRegisters(flags, count, count registers) -> nothing
    /// Writes the first `count` registers, of more than 20 the first 20; flags bit 0 resumes the thread. Values are
    /// made safe, not refused: see abi::UserRegister.
    /// fails: TruncatedMessage: fewer registers than count says; IllegalOperation: the caller itself
    tcb_write_registers = 3,
    /// TCB.CopyRegisters([source] flags) -> nothing
    /// Copies registers of source into this thread. flags: bit 0 suspends source first, bit 1 resumes this thread,
    /// bit 2 the frame registers (the first 18), bit 3 the integer registers (the last two).
    /// fails: InvalidCapability 1: no TCB
    tcb_copy_registers = 4,
    /// TCB.Configure([cspace_root, vspace_root, buffer_frame] cspace_data, vspace_data, buffer) -> nothing
    /// Gives the thread its CSpace, VSpace and IPC buffer. A data word of 0 leaves the CNode's guard, any other is
    /// its new guard (abi::CNodeData); vspace_data is ignored. Buffer address 0: no buffer, and the capability is not
    /// looked at. The thread keeps copies that are children of what was given. Preemptible.
    /// fails: buffer; cspace; vspace
    tcb_configure = 5,
    /// TCB.SetPriority([authority] priority) -> nothing
    /// Changes the priority; a waiting thread moves behind its new equals, a ready one before them. authority is the
    /// TCB whose maximum controlled priority counts.
    /// fails: InvalidCapability 1: authority is no TCB; RangeError 0..mcp: above the authority's
    tcb_set_priority = 6,
    /// TCB.SetMCPriority([authority] mcp) -> nothing
    /// Changes the maximum controlled priority. It does not limit the thread's own priority.
    /// fails: InvalidCapability 1: authority is no TCB; RangeError 0..mcp: above the authority's
    tcb_set_mc_priority = 7,
    /// TCB.SetSchedParams([authority, sched_context, fault_endpoint] mcp, priority) -> nothing
    /// Both priorities, scheduling context and fault handler at once. An empty slot as context unbinds, as handler
    /// removes. Preemptible.
    /// fails: InvalidCapability 1: authority is no TCB; RangeError 0..mcp: mcp; RangeError 0..mcp: priority;
    ///   IllegalOperation: the caller's own context would be unbound; InvalidCapability 2: no scheduling context;
    ///   IllegalOperation: thread or context is bound elsewhere, or the thread is blocked and the context has no
    ///   budget; copyable; InvalidCapability 3: fault_endpoint is no endpoint with write and grant or grant-reply
    tcb_set_sched_params = 8,
    /// TCB.SetTimeoutEndpoint([timeout_endpoint]) -> nothing
    /// Who is told when the thread's budget is used up; an empty slot: nobody. Preemptible.
    /// fails: copyable; InvalidCapability 1: no endpoint with write and grant or grant-reply
    tcb_set_timeout_endpoint = 9,
    /// TCB.SetIPCBuffer([buffer_frame] buffer) -> nothing
    /// The thread's IPC buffer; address 0 takes it away. Preemptible.
    /// fails: buffer
    tcb_set_ipc_buffer = 10,
    /// TCB.SetSpace([fault_endpoint, cspace_root, vspace_root] cspace_data, vspace_data) -> nothing
    /// Fault handler, CSpace and VSpace of the thread, as of Configure. No handler: an empty slot. Preemptible.
    /// fails: cspace; vspace; copyable; InvalidCapability 1: fault_endpoint is no endpoint with write and grant or
    ///   grant-reply
    tcb_set_space = 11,
    /// TCB.Suspend() -> nothing
    /// The thread stops. What it waited for is cancelled: resumed, it makes its system call again.
    /// fails: never
    tcb_suspend = 12,
    /// TCB.Resume() -> nothing
    /// The thread runs, as soon as it has a scheduling context. A waiting one starts its system call again, a pending
    /// fault is forgotten; one that can run already is left alone.
    /// fails: never
    tcb_resume = 13,
    /// TCB.BindNotification([notification]) -> nothing
    /// From now on signals of the notification also reach the thread while it waits on an endpoint.
    /// fails: IllegalOperation: either side is bound, threads wait on it, it is no notification, no read right
    tcb_bind_notification = 14,
    /// TCB.UnbindNotification() -> nothing
    /// Undoes that.
    /// fails: IllegalOperation: none is bound
    tcb_unbind_notification = 15,
    /// TCB.SetTLSBase(tls_base) -> nothing
    /// Writes FS base; what is not canonical becomes 0.
    /// fails: never
    tcb_set_tls_base = 16,
    /// TCB.SetFlags(clear, set) -> flags
    /// Clears, then sets flags. Bit 0: the thread may not use the FPU (exception 7).
    /// fails: never
    tcb_set_flags = 17,

    /// CNode.Revoke(index, depth) -> nothing
    /// Deletes all descendants of the capability in a slot; an empty slot has none. Preemptible.
    /// fails: slot
    cnode_revoke = 18,
    /// CNode.Delete(index, depth) -> nothing
    /// Empties a slot, which may be empty already. The last capability takes its object along. Preemptible.
    /// fails: slot
    cnode_delete = 19,
    /// CNode.CancelBadgedSends(index, depth) -> nothing
    /// Threads queued on this endpoint to send with this capability's badge start again; one that is queued there
    /// with a fault stops. Nothing happens for badge 0. Preemptible.
    /// fails: slot; IllegalOperation: no endpoint with all four rights
    cnode_cancel_badged_sends = 20,
    /// CNode.Copy([src_root] dest_index, dest_depth, src_index, src_depth, rights) -> nothing
    /// A copy with no more than `rights` (they count for endpoints, notifications, replies, frames). A copied frame
    /// capability is not mapped; a copied untyped becomes a child, and its source counts as full.
    /// fails: destination; source; copyable
    cnode_copy = 21,
    /// CNode.Mint([src_root] dest_index, dest_depth, src_index, src_depth, rights, badge) -> nothing
    /// Copy, and a datum: the badge of an endpoint or notification that has none yet, the guard of a CNode (0 = no
    /// guard); others ignore it.
    /// fails: destination; source; copyable; IllegalOperation: badged already, or guard and radix above 64 bits
    cnode_mint = 22,
    /// CNode.Move([src_root] dest_index, dest_depth, src_index, src_depth) -> nothing
    /// Moves a capability; its relatives stay its relatives.
    /// fails: destination; source; IllegalOperation: a half deleted object
    cnode_move = 23,
    /// CNode.Mutate([src_root] dest_index, dest_depth, src_index, src_depth, badge) -> nothing
    /// Move, and a new guard for a CNode; others ignore the datum.
    /// fails: destination; source; IllegalOperation: a half deleted object, an endpoint or notification, or guard and
    ///   radix above 64 bits
    cnode_mutate = 24,
    /// CNode.Rotate([pivot_root, src_root] dest_index, dest_depth, dest_badge, pivot_index, pivot_depth, pivot_badge,
    ///   src_index, src_depth) -> nothing
    /// Source moves to pivot, pivot to destination, each with a datum as Mutate has it (dest_badge is for what lands
    /// in destination). With destination = source the two change places.
    /// fails: slot; FailedLookup 1: the path to source, or its root; RangeError 1..64: src_depth; FailedLookup 1: the
    ///   path to pivot, or its root; RangeError 1..64: pivot_depth; IllegalOperation: pivot is source or destination;
    ///   DeleteFirst: destination is taken and not source; FailedLookup 1 missing_capability src_depth: source is
    ///   empty; FailedLookup 0 missing_capability pivot_depth: pivot is empty; IllegalOperation: a half deleted
    ///   object, an endpoint or notification, or guard and radix above 64 bits
    cnode_rotate = 25,

    /// IRQControl.Get([root] irq, index, depth) -> nothing
    /// An interrupt of the 8259. There is none: interrupts come through an I/O APIC or as MSI.
    /// fails: IllegalOperation: always
    irq_control_get = 26,
    /// IRQHandler.Ack() -> nothing
    /// The device was served: its pin is unmasked. Nothing happens for an MSI.
    /// fails: never
    irq_handler_ack = 27,
    /// IRQHandler.SetNotification([notification]) -> nothing
    /// Each interrupt signals this notification, with the badge of this capability; one set before is forgotten.
    /// Preemptible.
    /// fails: InvalidCapability 0: no notification with write
    irq_handler_set_notification = 28,
    /// IRQHandler.Clear() -> nothing
    /// Interrupts signal nobody any longer. Preemptible.
    /// fails: never
    irq_handler_clear = 29,

    /// DomainSet.Set([thread] domain) -> nothing
    /// Puts a thread into a scheduling domain. There is one domain, 0.
    /// fails: InvalidArgument 0: domain above 0; InvalidArgument 1: no TCB
    domain_set_set = 30,
    /// DomainSet.ScheduleConfigure(index, domain, duration) -> nothing
    /// Sets an entry of the domain schedule, which has one; duration in TSC ticks.
    /// fails: RangeError 0..0: index or domain above 0; InvalidArgument 2: duration is 0, or 2^56 and more
    domain_set_schedule_configure = 31,
    /// DomainSet.ScheduleSetStart(index) -> nothing
    /// Which entry the domain schedule begins with.
    /// fails: RangeError 0..1: index; InvalidArgument 0: there is no entry 1
    domain_set_schedule_set_start = 32,

    /// SchedControl.ConfigureFlags([sched_context] budget, period, extra_refills, badge, flags) -> nothing
    /// Budget and period of a scheduling context; equal ones are round robin. extra_refills above the least two;
    /// badge is shown by Timeout faults; flags bit 0: sporadic. If its thread is runnable, what it has used of its
    /// bandwidth counts on; otherwise the full budget is there at once.
    /// fails: RangeError 20..most: budget or period (most = 2^64 / TSC MHz / 8); RangeError 20..period: budget above
    ///   period; InvalidCapability 1: no scheduling context; RangeError 0..most: extra_refills, what the object has
    ///   room for
    sched_control_configure_flags = 33,
    /// SchedContext.Bind([tcb_or_notification]) -> nothing
    /// To a thread, which then runs on it, or to a notification, which lends it. One of each at a time.
    /// fails: InvalidCapability 1: neither; IllegalOperation: either side is bound, or the thread is blocked and the
    ///   context has no budget
    sched_context_bind = 34,
    /// SchedContext.Unbind() -> nothing
    /// From thread, notification and stack of callers.
    /// fails: IllegalOperation: the caller runs on it
    sched_context_unbind = 35,
    /// SchedContext.UnbindObject([tcb_or_notification]) -> nothing
    /// From just this thread or notification.
    /// fails: InvalidCapability 1: neither; IllegalOperation: not bound to it, or it is the caller
    sched_context_unbind_object = 36,
    /// SchedContext.Consumed() -> consumed
    /// The time used since somebody asked (this call, YieldTo, a Timeout fault).
    /// fails: never
    sched_context_consumed = 37,
    /// SchedContext.YieldTo() -> consumed
    /// Its thread runs next, if it is runnable, has budget and no lower priority than the caller, which gets its
    /// answer when it runs again or the context or its thread goes. A thread of lower priority goes to the head of
    /// its queue and the call returns.
    /// fails: IllegalOperation: no thread, the caller itself, or its priority is above the caller's MCP
    sched_context_yield_to = 38,

    /// PDPT.Map([vspace] vaddr, attributes) -> nothing
    /// Hooks this table into a PML4 for the 512 GiB around vaddr. attributes are those of abi::MemoryType.
    /// fails: InvalidCapability 0: mapped already; place; DeleteFirst: a table is there
    pdpt_map = 39,
    /// PDPT.Unmap() -> nothing
    /// Takes the table out and clears it; nothing happens if it is not mapped.
    /// fails: RevokeFirst: there is a second capability to it
    pdpt_unmap = 40,
    /// PageDirectory.Map([vspace] vaddr, attributes) -> nothing
    /// Hooks this table into a PDPT for the 1 GiB around vaddr.
    /// fails: InvalidCapability 0: mapped already; place; FailedLookup 0 missing_capability 39: no PDPT there;
    ///   DeleteFirst: a table or a frame is there
    page_directory_map = 41,
    /// PageDirectory.Unmap() -> nothing
    /// As PDPT.Unmap.
    /// fails: RevokeFirst: there is a second capability to it
    page_directory_unmap = 42,
    /// PageTable.Map([vspace] vaddr, attributes) -> nothing
    /// Hooks this table into a page directory for the 2 MiB around vaddr.
    /// fails: InvalidCapability 0: mapped already; place; FailedLookup 0 missing_capability 39: no PDPT there;
    ///   FailedLookup 0 missing_capability 30: no page directory; DeleteFirst: a table or a frame is there
    page_table_map = 43,
    /// PageTable.Unmap() -> nothing
    /// As PDPT.Unmap.
    /// fails: RevokeFirst: there is a second capability to it
    page_table_unmap = 44,
    /// Page.Map([vspace] vaddr, rights, attributes) -> nothing
    /// Maps this frame, or where it is mapped already changes rights and attributes (abi::MemoryType; bit 3: never
    /// execute, our extension). The page has the rights that capability and `rights` share; another frame in its
    /// place is replaced.
    /// fails: InvalidCapability 1: vspace is no PML4 with an ASID, or the frame is mapped in another space;
    ///   InvalidArgument 0: mapped at another address, or not all in the user half; FailedLookup 0 invalid_root: the
    ///   ASID is not that of this space any longer; AlignmentError: vaddr, to the frame's size; IllegalOperation: a 1
    ///   GiB frame, and the CPU has none; FailedLookup 0 missing_capability 39: no PDPT;
    ///   FailedLookup 0 missing_capability 30: no page directory; FailedLookup 0 missing_capability 21: no page
    ///   table; DeleteFirst: a table is there
    page_map = 45,
    /// Page.Unmap() -> nothing
    /// The entry is cleared if it still holds this frame; then the capability may be mapped anywhere.
    /// fails: never
    page_unmap = 46,
    /// Page.GetAddress() -> paddr
    /// The physical address.
    /// fails: never
    page_get_address = 47,

    /// ASIDControl.MakePool([untyped, root] index, depth) -> nothing
    /// Makes 512 address-space identifiers out of a 4 KiB untyped. There are 8 pools, the root task's among them.
    /// fails: DeleteFirst: all pools are made; InvalidCapability 1: no 4 KiB untyped in RAM; RevokeFirst: it has
    ///   children; destination
    asid_control_make_pool = 48,
    /// ASIDPool.Assign([vspace]) -> nothing
    /// Gives a PML4 capability an identifier, without which nothing is mapped there. Copies made before have none.
    /// fails: InvalidCapability 1: no PML4, or it has one; FailedLookup 0 invalid_root: the pool is gone;
    ///   DeleteFirst: the pool is full
    asid_pool_assign = 49,

    /// IOPortControl.Issue([root] first_port, last_port, index, depth) -> nothing
    /// A capability to a range of ports, both ends included; of port numbers the low 16 bits count.
    /// fails: InvalidArgument 1: last_port below first_port; RevokeFirst: some are issued already; destination
    io_port_control_issue = 50,
    /// IOPort.In8(port) -> value
    /// Reads a byte.
    /// fails: IllegalOperation: outside the range
    io_port_in8 = 51,
    /// IOPort.In16(port) -> value
    /// Reads two bytes.
    /// fails: IllegalOperation: not all inside the range
    io_port_in16 = 52,
    /// IOPort.In32(port) -> value
    /// Reads four bytes.
    /// fails: IllegalOperation: not all inside the range
    io_port_in32 = 53,
    /// IOPort.Out8(port, value) -> nothing
    /// Writes a byte.
    /// fails: IllegalOperation: outside the range
    io_port_out8 = 54,
    /// IOPort.Out16(port, value) -> nothing
    /// Writes two bytes.
    /// fails: IllegalOperation: not all inside the range
    io_port_out16 = 55,
    /// IOPort.Out32(port, value) -> nothing
    /// Writes four bytes.
    /// fails: IllegalOperation: not all inside the range
    io_port_out32 = 56,

    /// IRQControl.GetIOAPIC([root] index, depth, ioapic, pin, level, polarity, vector) -> nothing
    /// A handler for a pin of an I/O APIC, which is unmasked; I/O APICs and pins count from 0. level 1:
    /// level-triggered; polarity 1: active-low. The CPU's vector is 48 + vector.
    /// fails: handler_line; RangeError 0..ioapics-1: ioapic; RangeError 0..pins-1: pin; RangeError 0..1: level;
    ///   RangeError 0..1: polarity
    irq_control_get_ioapic = 57,
    /// IRQControl.GetMSI([root] index, depth, pci_bus, pci_dev, pci_func, handle, vector) -> nothing
    /// A handler for a message-signalled interrupt: the device writes 48 + vector to 0xfee00000.
    /// fails: handler_line; RangeError 0..255: pci_bus; RangeError 0..31: pci_dev; RangeError 0..7: pci_func
    irq_control_get_msi = 58,

    // The paging extension (docs/concepts/paging.md). Labels 59 to 63 are not assigned. Range is any mapped paging structure.

    /// Range.SetKeeper(vaddr, size_bits, count, keeper, cookie, step) -> done
    /// Entry after entry gets the keeper index, and where it is not present the cookie, the next one `step` more; 2^64-1
    /// leaves indices or cookies alone. Range: a mapped page table, page directory or PDPT, or a PML4. These calls stop
    /// at the end of the table, at an entry that cannot be done (an error if it is the first), or, once they got
    /// somewhere, where an interrupt waits. When they return no stale translation is left.
    /// fails: range; InvalidArgument 3: keeper above 127; InvalidArgument 4: a cookie of more than 36 bits
    range_set_keeper = 64,
    /// Range.Map(place, first_slot, count, into) -> done
    /// Maps the frames in the slots from first_slot on, all of one size, at neighbouring places from `place` (abi::Place)
    /// on, as items of ReplyMapRecv, whoever is the keeper; empty slots are passed over. With copy: copies, in the slots
    /// from `into` on.
    /// fails: InvalidCapability 0: not mapped; RangeError 1..512: count; InvalidArgument 0: bits of place that must be
    ///   0, or no read right; IllegalOperation: write and execute; FailedLookup 1: first_slot; InvalidCapability 1: no
    ///   frame, or of another size than the first, or larger than an entry here, or mapped elsewhere; IllegalOperation: a
    ///   1 GiB frame and the CPU has none; RangeError: what this structure maps; AlignmentError: place, to the size;
    ///   FailedLookup 0: a paging structure is missing; FailedLookup 1: a slot; IllegalOperation: rights that the
    ///   capability does not give; DeleteFirst: the entry is taken, or the slot for the copy
    range_map = 65,
    /// Range.Protect(vaddr, size_bits, count, rights) -> done
    /// Pages keep those of their rights (abi::PageRights) that are in `rights`, and what the CPU noted. Never adds any.
    /// fails: range; InvalidArgument 3: rights above 7; DeleteFirst: the entry is a table
    range_protect = 66,
    /// Range.Unmap(vaddr, size_bits, count, cookie, step) -> done, 8 words of dirty bits
    /// Takes pages out; each entry keeps its keeper index and gets a cookie, the next one `step` more. A bit is set where
    /// the page was written to, exactly.
    /// fails: range; InvalidArgument 3: a cookie of more than 36 bits; DeleteFirst: the entry is a table
    range_unmap = 67,
    /// Range.Harvest(vaddr, size_bits, count, clear) -> done, 8 words of accessed bits and 8 of dirty bits
    /// What the CPU noted of pages; `clear` bit 0: forgets accesses, bit 1: forgets writes.
    /// fails: range; InvalidArgument 3: clear above 3
    range_harvest = 68,
    /// Range.Read(vaddr, size_bits, count) -> shown, up to 119 entries
    /// The entries as they are in the table. With size_bits 0: those on the way down to vaddr, from this structure's own
    /// entry on.
    /// fails: range
    range_read = 69,
    /// Page.Evict(cookie) -> noted
    /// Unmaps the page of this capability and leaves the cookie in its place. Bit 0: it was accessed, bit 1: written to.
    /// fails: InvalidArgument 0: more than 36 bits; IllegalOperation: it is not mapped
    page_evict = 70,
    /// CNode.Recall(index, depth) -> nothing
    /// Whoever awaits an answer through the reply object in the slot executes the call or faulting instruction again, with
    /// the scheduling context that it passed on; the object is free. Nobody waits: nothing happens.
    /// fails: slot; IllegalOperation: no reply object
    cnode_recall = 71,
    /// CNode.Inspect(index, depth, count) -> 3 words for each of up to 39 slots
    /// Shows the slots from index on: abi::InspectedSlot; the physical address of the object; the address at which it is
    /// mapped, or of an untyped how much is given out. It stops where an index leads nowhere.
    /// fails: RangeError 1..39: count; slot
    cnode_inspect = 72,
    /// TCB.Status() -> state, waiting_for, fault, address, ip
    /// abi::StatusState; the microseconds since it last stopped or began to wait; the fault that it waits with (abi::Fault)
    /// and what it is about; the IP of the last page fault that was told through its keeper table.
    /// fails: never
    tcb_status = 73,
    /// TCB.Spawn(cspace, cspace_data, vspace, fault_handler, sched_context, buffer_frame, buffer, authority,
    ///   priorities, entry, stack, argument, fs_base) -> nothing
    /// Gives a stopped thread without a VSpace everything that it needs and starts it, or does nothing at all. Its
    /// capabilities are pointers in message words (0 = none); priorities is priority | mcp << 8; argument arrives in
    /// RDI. There must be code at the entry and memory below the stack pointer, by the page tables: no user address
    /// is dereferenced. An error about a capability has the number of its word. Preemptible.
    /// fails: IllegalOperation: the thread has a VSpace, or is not stopped; FailedLookup 1: the pointer cspace or
    ///   vspace; RevokeFirst: one of the two is an untyped with children; InvalidCapability 0: cspace is no CNode, or
    ///   guard and radix are above 64 bits; InvalidCapability 2: vspace is no PML4 with an ASID; FailedLookup 1: the
    ///   pointer fault_handler or buffer_frame; copyable; InvalidCapability 3: fault_handler is no endpoint with write
    ///   and grant or grant-reply, and no CNode; InvalidCapability 5: buffer_frame is no frame in RAM; AlignmentError:
    ///   buffer, to 1024; FailedLookup 1: the pointer authority or sched_context; InvalidCapability 7: authority is no
    ///   TCB; RangeError 0..mcp: priority; RangeError 0..mcp: mcp; InvalidCapability 4: no scheduling context;
    ///   IllegalOperation: the context is bound elsewhere; FailedLookup 0 invalid_root: the ASID is not that of this
    ///   space any longer; InvalidArgument 9 1: entry is not in the user half; InvalidArgument 9 2: it is not mapped;
    ///   InvalidArgument 9 3: it may not be executed; InvalidArgument 9 6: it is no RAM; InvalidArgument 9 5: the first
    ///   16 bytes are zero; InvalidArgument 10 1: stack is not in the user half; InvalidArgument 10 7: not aligned to
    ///   16; InvalidArgument 10 2: the page below is not mapped; InvalidArgument 10 4: it may not be written
    tcb_spawn = 74,
    /// DomainSet.ReadEvents(from) -> written, first, 4 words for each of up to 29 events
    /// The record of paging events (abi/paging_event.hpp) from number `from` on: how many were written since the start, the
    /// number of the first one shown, above from where events are gone, and the events. They tell what all threads do:
    /// who keeps threads apart may know, and this capability gives its holder nothing else.
    /// fails: never
    domain_set_read_events = 75,
};

} // namespace abi
