// SPDX-License-Identifier: BSD-2-Clause
// The kernel's record of paging events: the last 256, in the order in which they happened.
//
// Programs read it with DomainSet.ReadEvents. Debuggers and readers of memory dumps find it at the symbol `paging_ring`, in
// all kernels; a panic of a debug kernel prints the last 16. Events are numbered from 0 on; number n is at n modulo 256, and those that are
// older than the last 256 are gone. The ring is 32-aligned:
//
//   byte 0   "UMBRAPGE", without a zero at the end
//   byte 8   how many events were written: the number of the next one (8 bytes)
//   byte 16  bytes of an event, 32 (4 bytes); byte 20: events in the ring, 256 (4 bytes)
//   byte 24  ticks of the time-stamp counter in a microsecond; 0 = not known yet (8 bytes)
//   byte 32  the events
//
// Pages that go with their frame, table or address space make no event: one process that ends would push out all others. Nor do
// Page.Map and the Map and Unmap of paging structures, which go about one thing at a time for who builds a space by hand.
// docs/reference/paging-events.md is generated from this file (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

/// Events that DomainSet.ReadEvents shows at most; it stops where the ring begins anew, too.
inline constexpr unsigned max_events = 29;
/// Events that the kernel remembers.
inline constexpr unsigned paging_ring_size = 256;

/// An event.
struct PagingEvent {
    /// time-stamp counter when the kernel was entered; events of one kernel entry have the same
    Word time;
    /// bits 0-7: abi::PagingEventKind; bits 11-47: physical address of the TCB, bits 0-10 of that being 0
    Word subject;
    /// where: an address, or as the kind says
    Word place;
    /// as the kind says
    Word detail;
};

/// What happened, with the place and the detail of the event. A thread named as `who` is in `subject`.
enum class PagingEventKind : Word {
    /// who: had a page fault in ring 3. place: the address. detail: bits 16-63 the IP, sign-extended from bit 63; bits 0-15
    /// the error code of the CPU
    trap = 1,
    /// who: raised another exception in ring 3. place: its vector. detail: as of trap
    exception = 2,
    /// who: faulted, and a handler has the message. place: the address. detail: abi::KeeperFaultInfo; of a handler that is no
    /// keeper table the error code alone, so that level is 0
    deliver = 3,
    /// who: mapped it, by an answer or a range; with goes_on: whose fault it answers, who goes on now. place: bits 12-46 the address, 8-10 the
    /// level of the entry (1 page table to 4 PML4), 11 goes_on, the others as in abi::Place; without rights it is a paging
    /// structure. detail: bits 0-11 how many neighbouring entries, 12-47 physical address of what is there, 0 if they are
    /// several; 48-63 the ASID
    map = 4,
    /// who: took it out. place: the address, and the level in bits 8-10. detail: as of map, without address
    unmap = 5,
    /// who: took it out by Page.Evict. place: as of unmap. detail: bits 0-35 the cookie left there, 48-63 the ASID
    evict = 6,
    /// who: took rights away. place: as of unmap, and in bits 0-2 the rights that may stay. detail: as of unmap
    protect = 7,
    /// who: gave an answer (ReplyMapRecv) that the kernel refused. place: 0. detail: bits 0-7 how many items are mapped, from
    /// bit 8 on the error
    refuse = 8,
    /// who: executes its instruction again. place: the address, or vector, of its fault. detail: abi::PagingCause
    restart = 9,
    /// who: stops with its fault. place: as of restart. detail: abi::PagingCause
    kill = 10,
};

/// Why a thread goes on after its fault, or does not.
enum class PagingCause : Word {
    /// its handler answered
    answered = 1,
    /// the tables permit the access by now: nobody was told
    settled = 2,
    /// its reply object was recalled, offered anew, or deleted
    recalled = 3,
    /// the endpoint on which it waited is gone, or gave up what was sent through a badge
    released = 4,
    /// somebody resumed it
    resumed = 5,
    /// it has no handler that could be told
    nobody = 6,
    /// its handler answered that it shall stop
    refused = 7,
    /// it was suspended or deleted
    ended = 8,
};

} // namespace abi
