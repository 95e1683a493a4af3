// SPDX-License-Identifier: BSD-2-Clause
#include <paging_ring.hpp>

#include <algorithm>

namespace kernel {

using abi::PagingCause;
using abi::PagingEventKind;

constinit PagingRing paging_ring = {.magic = {'U', 'M', 'B', 'R', 'A', 'P', 'G', 'E'},
                                    .written = 0,
                                    .event_bytes = sizeof(abi::PagingEvent),
                                    .size = abi::paging_ring_size,
                                    .ticks_per_microsecond = 0,
                                    .events = {}};

namespace {

void note_end(PagingEventKind kind, const Tcb& thread, PagingCause cause) {
    const abi::Fault type = thread.fault.type;
    if (type == abi::Fault::vm_fault || type == abi::Fault::keeper_fault || type == abi::Fault::user_exception)
        note(kind, thread, thread.fault.subject, static_cast<Word>(cause));
}

/// `thread` changed entries of `level` from `place` on (with what its low bits say) in the space of `asid`. `what`: how many
/// and what is there, or the cookie.
void note_change(PagingEventKind kind, const Tcb& thread, Word place, Level level, Word what, Asid asid) {
    note(kind, thread, place | static_cast<Word>(level) << 8, what | Word{asid.value} << 48);
}

/// The level of the entry for a frame or paging structure.
Level level_of(const Capability& cap) {
    const Word above = cap.is(CapType::frame)
                           ? static_cast<Word>(cap.frame_size())
                           : static_cast<Word>(cap.type()) - static_cast<Word>(CapType::page_table) + 1;
    return static_cast<Level>(static_cast<Word>(Level::pt) + above);
}

} // namespace

void note(PagingEventKind kind, const Tcb& thread, Word place, Word detail) {
    put_event(paging_ring.written++, kind, thread, place, detail);
}

void note_trap(const Tcb& thread, const FaultRecord& fault) {
    const bool is_page_fault = fault.type == abi::Fault::vm_fault;
    note(is_page_fault ? PagingEventKind::trap : PagingEventKind::exception, thread, fault.subject,
         thread.context.rip << 16 | (fault.detail & 0xffff));
}

void note_restart(const Tcb& thread, PagingCause cause) { note_end(PagingEventKind::restart, thread, cause); }
void note_kill(const Tcb& thread, PagingCause cause) { note_end(PagingEventKind::kill, thread, cause); }

void note_answer(const Tcb& thread, bool goes_on) {
    return goes_on ? note_restart(thread, PagingCause::answered) : note_kill(thread, PagingCause::refused);
}

void note_map(const Tcb& thread, Word place, const Capability& cap, Asid asid) {
    note_change(PagingEventKind::map, thread, place, level_of(cap), cap.object().raw() | 1, asid);
}

void note_removal(PagingEventKind kind, const Tcb& thread, const Capability& frame, Word what) {
    if (frame.is_mapped())
        note_change(kind, thread, frame.mapped_at().raw(), level_of(frame), what, frame.asid());
}

void note_range(abi::Invocation method, const Tcb& thread, Word place, Word rights, Level level, Word done, Asid asid) {
    if (method == abi::Invocation::range_map)
        note_change(PagingEventKind::map, thread, place, level, done, asid);
    else if (method == abi::Invocation::range_protect)
        note_change(PagingEventKind::protect, thread, place | rights, level, done, asid);
    else if (method == abi::Invocation::range_unmap)
        note_change(PagingEventKind::unmap, thread, place, level, done, asid);
}

Word oldest_event(Word from) {
    const Word written = paging_ring.written;
    const Word oldest = written < abi::paging_ring_size ? 0 : written - abi::paging_ring_size;
    return from > written ? written : from < oldest ? oldest : from;
}

std::span<const Word> words_of_events(Word first) {
    const Word to_end = abi::paging_ring_size - first % abi::paging_ring_size;
    const Word count = std::min({paging_ring.written - first, to_end, Word{abi::max_events}});
    return {reinterpret_cast<const Word*>(&paging_event(first)), count * sizeof(abi::PagingEvent) / sizeof(Word)};
}

} // namespace kernel
