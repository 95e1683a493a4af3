// SPDX-License-Identifier: BSD-2-Clause
// A page fault as the pager that is asked sees it.
#pragma once

#include <sys/cap/reply.hpp>
#include <sys/ipc/pager.hpp>

namespace sys::pager {

inline constexpr Word page_size = Word{1} << abi::page_bits;

enum class Access : uint8_t { read, write, execute };

/// What the supervisor is told if a pager of the kit denies; a pager may have codes of its own from `first_own` on.
enum class Denial : uint8_t {
    outside = 1,    ///< no page of the region
    not_writable,   ///< a write to what is not writable
    not_executable, ///< a fetch from what is not executable
    no_memory,      ///< neither a frame nor a table is left
    no_progress,    ///< the same fault again and again, whatever is answered
    refused,        ///< the kernel refused the answer, or the pager behind is not there
    first_own = 32,
};

struct Fault : KeeperFault {
    Badge client; ///< of the pager's capability in the keeper table
    Reply waiter; ///< what the thread waits on

    static Fault from(const Received& message, Reply waiter) {
        return {KeeperFault::from(message), message.badge, waiter};
    }
    Word page() const { return address & ~(page_size - 1); }
    Access access() const { return info.is_write() ? Access::write : info.is_fetch() ? Access::execute : Access::read; }
    /// A page is there, but does not permit the access.
    bool is_protection() const { return info.was_present(); }
    /// Whether the page at `neighbour` may go with the answer: one of the aligned 16 around, and nothing is there yet.
    bool is_free(Word neighbour) const {
        return info.level() == 1 && (neighbour ^ address) < 16 * page_size &&
               (info.hands_off() >> (neighbour / page_size % 16) & 1) == 0;
    }
};

} // namespace sys::pager
