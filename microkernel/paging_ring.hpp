// SPDX-License-Identifier: BSD-2-Clause
// The record of paging events (abi/paging_event.hpp), in all kernels: what happened before somebody asks, or before a panic.
// Writing it changes nothing else, and nothing in the kernel reads it but those who show it.
#pragma once

#include <abi/invocation.hpp>
#include <abi/paging_event.hpp>
#include <arch/x86_64/paging/entry.hpp>
#include <mem/direct_map.hpp>
#include <system.hpp>

#include <span>

namespace kernel {

/// As debuggers and readers of dumps find it.
struct alignas(32) PagingRing {
    char magic[8];
    Word written;
    uint32_t event_bytes;
    uint32_t size;
    Word ticks_per_microsecond;
    abi::PagingEvent events[abi::paging_ring_size];
};
static_assert(sizeof(abi::PagingEvent) == 32 && offsetof(PagingRing, events) == 32);

extern "C" PagingRing paging_ring;

// --- The short ways: in few instructions ---

/// Event `number`; TCBs are aligned, so that the kind fits below their address. Word by word and in bytes, because g++ takes
/// more instructions for an index and a pointer.
[[gnu::always_inline]] inline void put_event(Word number, abi::PagingEventKind kind, const Tcb& thread, Word place,
                                             Word detail) {
    const Word subject = physical(&thread).raw() + static_cast<Word>(kind);
    constexpr Word bytes = sizeof(abi::PagingEvent);
    const Word offset = number * bytes & (abi::paging_ring_size - 1) * bytes;
    const auto word = [&](Word index) -> Word& {
        return *reinterpret_cast<Word*>(reinterpret_cast<uint8_t*>(paging_ring.events) + offset + index * sizeof(Word));
    };
    word(0) = cpu.now.value;
    word(1) = subject;
    word(2) = place;
    word(3) = detail;
}
/// `thread` has a page fault, and its handler the message at once; `info` as of a delivery.
[[gnu::always_inline]] inline void note_told_fault(const Tcb& thread, const FaultRecord& fault, Word info) {
    const Word number = paging_ring.written;
    put_event(number, abi::PagingEventKind::trap, thread, fault.subject, thread.context.rip << 16 | fault.detail);
    put_event(number + 1, abi::PagingEventKind::deliver, thread, fault.subject, info);
    paging_ring.written = number + 2;
}
/// The fault of `thread` is answered with the page that `frame` is, at `place` (abi::Place): it goes on.
[[gnu::always_inline]] inline void note_answer_with_page(const Tcb& thread, Word place, PhysAddr frame, Asid asid) {
    constexpr Word goes_on = 1 << 11, page_table = static_cast<Word>(Level::pt) << 8;
    put_event(paging_ring.written, abi::PagingEventKind::map, thread, place | goes_on | page_table,
              frame.raw() | 1 | Word{asid.value} << 48);
    ++paging_ring.written;
}

// --- All others ---

void note(abi::PagingEventKind kind, const Tcb& thread, Word place, Word detail);
/// `thread` raised `fault`, a page fault or another exception.
void note_trap(const Tcb& thread, const FaultRecord& fault);
/// `thread`, whose fault this ends if it has a page fault or an exception, goes on because of `cause`.
void note_restart(const Tcb& thread, abi::PagingCause cause);
/// It stops instead.
void note_kill(const Tcb& thread, abi::PagingCause cause);
/// Its handler answered.
void note_answer(const Tcb& thread, bool goes_on);
/// What `cap`, a frame or paging structure, names is at `place` now (abi::Place, or an address).
void note_map(const Tcb& thread, Word place, const Capability& cap, Asid asid);
/// The page of `frame`, if it is mapped, is taken out. `what`: 1, or the cookie.
void note_removal(abi::PagingEventKind kind, const Tcb& thread, const Capability& frame, Word what);
/// What a call on a range did to `done` entries, if that is an event. `place` and `rights`: its first and fourth word.
void note_range(abi::Invocation method, const Tcb& thread, Word place, Word rights, Level level, Word done, Asid asid);

// --- Who shows it ---

/// The event with this number, which must be one of the last 256.
inline const abi::PagingEvent& paging_event(Word number) { return paging_ring.events[number % abi::paging_ring_size]; }
/// Number of the oldest event that is still there, from `from` on.
Word oldest_event(Word from);
/// The words of as many events from `first`, which is still there, on as a message holds and as are neighbours in the ring.
std::span<const Word> words_of_events(Word first);
/// Prints the last `count`, a line each (debug kernels).
void log_paging_events(unsigned count);

} // namespace kernel
