// SPDX-License-Identifier: BSD-2-Clause
// What a paging event of the kernel says (abi/paging_event.hpp), by name.
#pragma once

#include <abi/fault.hpp>
#include <abi/paging.hpp>
#include <abi/paging_event.hpp>

namespace sys {

/// The words of an event, taken apart.
class PagingEventView {
public:
    using Word = abi::Word;

    explicit constexpr PagingEventView(const abi::PagingEvent& event) : event_(event) {}
    constexpr abi::PagingEventKind kind() const { return static_cast<abi::PagingEventKind>(event_.subject & 255); }
    /// Physical address of the TCB.
    constexpr Word thread() const { return event_.subject & ~Word{0x7ff}; }

    /// Where a fault was; of an exception the vector.
    constexpr Word address() const { return event_.place; }
    constexpr Word ip() const { return static_cast<Word>(static_cast<int64_t>(event_.detail) >> 16); }
    constexpr Word error_code() const { return event_.detail & 0xffff; }
    constexpr abi::KeeperFaultInfo fault_info() const { return abi::KeeperFaultInfo(event_.detail); }
    constexpr abi::PagingCause cause() const { return static_cast<abi::PagingCause>(event_.detail); }

    /// Of entries that changed: the first, its level (1: page table), how many there are.
    constexpr Word first_page() const { return event_.place & ~Word{0xfff}; }
    constexpr unsigned level() const { return event_.place >> 8 & 7; }
    constexpr abi::PageRights rights() const { return abi::PageRights(event_.place); }
    constexpr bool goes_on() const { return event_.place >> 11 & 1; }
    constexpr Word count() const { return event_.detail & 0xfff; }
    /// 0: of several.
    constexpr Word frame() const { return event_.detail & Word{0xffff'ffff'f000}; }
    constexpr unsigned asid() const { return static_cast<unsigned>(event_.detail >> 48); }
    constexpr Word cookie() const { return event_.detail & ((Word{1} << abi::cookie_bits) - 1); }

    /// Of an answer that was refused.
    constexpr Word items_done() const { return event_.detail & 255; }
    constexpr Word error() const { return event_.detail >> 8; }

private:
    abi::PagingEvent event_;
};

/// From so many repetitions of a fault at one IP and page on it is a livelock: four levels can be missing, each mended by an
/// answer, so more answers than twice that mend nothing.
inline constexpr unsigned livelock_repeats = 8;

} // namespace sys
