// SPDX-License-Identifier: BSD-2-Clause
// The record of paging events on the log of a debug kernel that panics.
#include <lib/log.hpp>
#include <paging_ring.hpp>

namespace kernel {
namespace {

Text kind_name(Word kind) {
    constexpr Text names[] = {"?",     "trap",    "exception", "deliver", "map", "unmap",
                              "evict", "protect", "refuse",    "restart", "kill"};
    return names[kind < std::size(names) ? kind : 0];
}

/// Microseconds before the last event; ticks while the clock is not known.
Word age(const abi::PagingEvent& event) {
    const Word ticks = paging_event(paging_ring.written - 1).time - event.time;
    return paging_ring.ticks_per_microsecond != 0 ? ticks / paging_ring.ticks_per_microsecond : ticks;
}

} // namespace

void log_paging_events(unsigned count) {
    const Word written = paging_ring.written;
    log("  last paging events, of {}:", written);
    for (Word number = oldest_event(written < count ? 0 : written - count); number < written; number++) {
        const abi::PagingEvent& event = paging_event(number);
        log("    {} -{} us {} TCB {x} at {x} detail {x}", number, age(event), kind_name(event.subject & 255),
            align_down(event.subject, 2048), event.place, event.detail);
    }
}

} // namespace kernel
