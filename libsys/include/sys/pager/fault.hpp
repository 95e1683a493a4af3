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

/// A page fault, and who waits for its answer.
struct Fault : KeeperFault {
    Badge client; ///< of the pager's capability in the keeper table
    Reply waiter; ///< what the thread waits on

    static Fault from(const Received& message, Reply waiter) {
        Fault fault;
        static_cast<KeeperFault&>(fault) = KeeperFault::from(message);
        fault.client = message.badge;
        fault.waiter = waiter;
        return fault;
    }
    Word page() const { return address & ~(page_size - 1); }
    Access access() const { return info.is_write() ? Access::write : info.is_fetch() ? Access::execute : Access::read; }
    /// A page is there now, as the tables say it; the CPU said what was when the thread faulted.
    bool is_mapped() const { return cookie == 0 && info.level() == 1 && is_taken(address); }
    /// A page is there, and did not permit the access.
    bool is_protection() const { return info.was_present() && is_mapped(); }
    /// Somebody else's answer has mapped the page meanwhile. The kernel lets such threads go by itself, but not more than eight
    /// in a row: the ninth is told.
    bool is_settled() const { return !info.was_present() && is_mapped(); }
    /// Whether the page at `neighbour` may go with the answer: one of the aligned 16 around, and nothing is there yet.
    bool is_free(Word neighbour) const {
        return info.level() == 1 && (neighbour ^ address) < 16 * page_size && !is_taken(neighbour);
    }

private:
    bool is_taken(Word at) const { return info.hands_off() >> (at / page_size % 16) & 1; }
};

} // namespace sys::pager
