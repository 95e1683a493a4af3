// SPDX-License-Identifier: BSD-2-Clause
// System call numbers (RDX, signed, all 64 bits): what each takes, what it gives, and how it fails.
//
// | register       | in                                              | out                   |
// |----------------|-------------------------------------------------|-----------------------|
// | RDX            | number                                          | unchanged             |
// | RDI            | capability pointer (destination, or source)     | badge of the sender   |
// | RSI            | message info (abi::MessageInfo)                 | message info received |
// | R10 R8 R9 R15  | MR0 MR1 MR2 MR3                                 | MR0 MR1 MR2 MR3       |
// | R12            | reply object; NBSendWait: capability to send on | unchanged             |
// | R13            | NBSendRecv: capability to send on               | unchanged             |
//
// RCX and R11 are clobbered, RSP is kept. Everything that is not an output comes back unchanged; an answer of n words
// changes the first n message registers. Words from MR4 on are in the IPC buffer (abi/message.hpp).
//
// In the signatures `message` is RSI with as many MRs as it says. `fails` lists faults (abi/fault.hpp) and errors
// (abi/error.hpp, as the label of an answer) in the order in which they are checked. Any other number is an
// UnknownSyscall fault. docs/reference/system-calls.md is generated from this file (tools/abi_doc).
#pragma once

#include <stdint.h>

namespace abi {

enum class Syscall : int64_t {
    /// Call(RDI destination, message) -> RDI badge, message
    /// Sends a message and waits for the answer; a receiver without scheduling context runs on the caller's meanwhile.
    /// On a kernel object it invokes a method (abi/invocation.hpp), and the answer is that of the method. Without
    /// grant and grant-reply, or met by a receiver without reply object, the message arrives and the caller stops for
    /// good.
    /// fails: CapFault: destination or an extra capability cannot be looked up; InvalidCapability 0: an empty slot, or
    ///   no write right
    call = -1,
    /// ReplyRecv(RDI source, message, R12 reply) -> RDI badge, message
    /// Answers through R12, whose caller goes on and gets its scheduling context back; where nobody waits for an
    /// answer, or R12 is no reply object, nothing happens. Then receives as Recv does.
    /// fails: CapFault in_receive_phase: as Recv
    reply_recv = -2,
    /// NBSendRecv(R13 destination, message, RDI source, R12 reply) -> RDI badge, message
    /// NBSend to R13, lending the scheduling context to a receiver without one, then Recv. The send half never fails:
    /// what cannot be sent vanishes; TCBs, CNodes, DomainSet and scheduling capabilities are not invoked by it.
    /// fails: CapFault in_receive_phase: as Recv
    nb_send_recv = -3,
    /// NBSendWait(R12 destination, message, RDI source) -> RDI badge, message
    /// The same, but sends to R12 and then waits as Wait does.
    /// fails: CapFault in_receive_phase: as Wait
    nb_send_wait = -4,
    /// Send(RDI destination, message) -> nothing
    /// Waits until somebody receives the message. A receiver without scheduling context does not run by that. A method
    /// of a kernel object is carried out, its result not reported.
    /// fails: CapFault: destination or an extra capability cannot be looked up
    send = -5,
    /// NBSend(RDI destination, message) -> nothing
    /// Send, if somebody waits for the message; else, or if something cannot be looked up, nothing happens.
    /// fails: never
    nb_send = -6,
    /// Recv(RDI source, R12 reply) -> RDI badge, message
    /// Waits for a message on an endpoint, or for a signal of a notification. R12 must be a reply object for an
    /// endpoint, and links to the caller for the answer; on a notification it is not looked at. A pending signal of
    /// the bound notification comes first. Signals change RDI only.
    /// fails: CapFault in_receive_phase: RDI cannot be looked up, is neither endpoint nor notification, has no read
    ///   right, or is a notification bound to another thread; CapFault in_receive_phase: R12 is no reply object
    recv = -7,
    /// NBRecv(RDI source, R12 reply) -> RDI badge, message
    /// Recv, if there is a message or signal already; else RDI is 0.
    /// fails: CapFault in_receive_phase: as Recv
    nb_recv = -8,
    /// Wait(RDI source) -> RDI badge, message
    /// Recv without a reply object: a caller whose message arrives so stops for good.
    /// fails: CapFault in_receive_phase: RDI cannot be looked up, is neither endpoint nor notification, has no read
    ///   right, or is a notification bound to another thread
    wait = -9,
    /// NBWait(RDI source) -> RDI badge, message
    /// Wait, if there is a message or signal already; else RDI is 0. Also called Poll.
    /// fails: CapFault in_receive_phase: as Wait
    nb_wait = -10,
    /// Yield() -> nothing
    /// Gives up what is left of the current refill; it does not count as consumed.
    /// fails: never
    yield = -11,

    /// DebugPutChar(RDI character) -> nothing
    /// Writes a character to the kernel's console. In every kernel.
    /// fails: never
    debug_put_char = -12,
    /// DebugDumpScheduler() -> nothing
    /// Prints the running and the ready threads. Debug kernels; unknown in others.
    /// fails: never
    debug_dump_scheduler = -13,
    /// DebugHalt() -> nothing
    /// Ends the machine: halts it, or leaves the emulator. Debug kernels; unknown in others.
    /// fails: never
    debug_halt = -14,
    /// DebugCapIdentify(RDI capability) -> RDI type
    /// A number that is 0 for an empty slot or a pointer that leads nowhere, and tells capability types apart. Debug
    /// kernels; unknown in others.
    /// fails: never
    debug_cap_identify = -15,
    /// DebugSnapshot() -> MR0..MR3
    /// Counting kernels: four event counts (kernel entries, CR3 loads, invalidations, FPU saves). Debug kernels: all
    /// invariants are checked, a broken one is a panic; MR0 is the longest stretch, in TSC ticks, that interrupts had to
    /// wait since somebody asked. Unknown in others.
    /// fails: never
    debug_snapshot = -16,
    /// DebugNameThread(RDI TCB) -> nothing
    /// Names a thread for what the kernel prints: the C string from MR0 of the IPC buffer on, up to 31 printable
    /// characters. Debug kernels; unknown in others.
    /// fails: never
    debug_name_thread = -17,
    /// BenchmarkNull() -> nothing
    /// Does nothing, for measurements. Counting kernels; unknown in others.
    /// fails: never
    benchmark_null = -25,
    /// WriteMSR(RDI number, MR0 value) -> nothing
    /// Writes a model-specific register; nothing happens where the CPU has none, or does not take the value. Unknown
    /// unless the kernel was booted with the option msr.
    /// fails: never
    write_msr = -30,
    /// ReadMSR(RDI number) -> MR0 value
    /// Reads a model-specific register; 0 where the CPU has none. Unknown unless the kernel was booted with the option msr.
    /// fails: never
    read_msr = -31,
    /// SetTLSBase(RDI fs_base) -> nothing
    /// Writes the caller's own FS base, at once; what is not canonical becomes 0.
    /// fails: never
    set_tls_base = -33,
    /// ReplyMapRecv(RDI source, message, R12 reply) -> RDI badge, message
    /// Answers the KeeperFault that waits on R12, then receives as Recv does. Label 0 maps up to 20 items, in order (none:
    /// try again), and the thread goes on: an item is a capability pointer and an abi::Place, and with copy the pointer of
    /// the slot for it. A frame is mapped as a page; a page table, page directory or PDPT is hooked in (its place is an
    /// address only). Items reach what the keeper that was asked pages by the tables as they are, in the address space of
    /// the thread. Label 1 denies: the fault goes to the supervisor, with the code in MR0 (0 to 255). Label 2 forwards
    /// it to the endpoint that MR0 names, showing the cookie MR1, with at most the rights MR2 (abi::PageRights): who
    /// receives it there answers the thread. On failure nothing was received and the thread still waits: RSI is the
    /// error as label, with length 127; RDI how many items are mapped; MR0 to MR3 details as of a method.
    /// fails: InvalidCapability 0: RDI is no endpoint, or has no read right; InvalidCapability 1: R12 is no reply object;
    ///   InvalidCapability 2: a forward's endpoint is none, or has no write, or neither grant nor grant-reply;
    ///   InvalidArgument: number of the word that is wrong, 0 for label, length and capabilities; NobodyWaits: nobody
    ///   awaits an answer through R12; IllegalOperation: it is no keeper fault, or its thread has another address space
    ///   or keeper table by now, or a supervisor denies; FailedLookup 1: a pointer of an item; InvalidCapability: number
    ///   of the item's word, no frame and no table, or mapped elsewhere; IllegalOperation: write and execute, rights that
    ///   the capability or who forwarded does not give, a 1 GiB frame and the CPU has none; RangeError: not in the user
    ///   half, or another keeper in force (least and most are the one that was asked); AlignmentError: the address, to
    ///   the size; FailedLookup 0 missing_capability 39: no PDPT; FailedLookup 0 missing_capability 30: no page
    ///   directory; FailedLookup 0 missing_capability 21: no page table; DeleteFirst: the entry is taken, or the slot
    reply_map_recv = -64,
    /// DebugProvoke(RDI address) -> nothing
    /// Has the kernel commit a bug, for who wants to see its panic; its name is the C string from MR0 of the IPC buffer on:
    /// null reads address 0, text writes kernel code, alias reads the kernel image through the physical window; user executes
    /// at the address, touch reads there; reserved has a reserved bit set in the entry of the page there and reads, spoil
    /// only sets it, and goes on; stack is recursion without end, gate a page fault that the CPU cannot deliver; assert
    /// and invariant break what always holds. Of another name nothing comes. Debug kernels; unknown in others.
    /// fails: never
    debug_provoke = -65,
};

} // namespace abi
