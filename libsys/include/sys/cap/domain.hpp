// SPDX-License-Identifier: BSD-2-Clause
// Scheduling domains, of which this profile has exactly one, domain 0; and what the kernel remembers of paging.
#pragma once

#include <abi/paging_event.hpp>
#include <array>
#include <sys/cap/tcb.hpp>

namespace sys {

/// Says which threads belong to which domain of the schedule.
class DomainSet : public Object {
public:
    using Object::Object;

    /// `domain` 0 only: this kernel has one.
    Result<void> set(Tcb thread, Word domain) const {
        return invoke(*this, abi::Invocation::domain_set_set, with_caps(thread), domain);
    }
    /// `duration` in TSC ticks.
    Result<void> configure_schedule(Word index, Word domain, Word duration) const {
        return invoke(*this, abi::Invocation::domain_set_schedule_configure, with_caps(), index, domain, duration);
    }
    Result<void> set_schedule_start(Word index) const {
        return invoke(*this, abi::Invocation::domain_set_schedule_set_start, with_caps(), index);
    }

    /// Of the kernel's record, oldest first.
    struct Events {
        Word written = 0; ///< since the kernel started
        Word first = 0;   ///< number of the first one here; above what was asked for: those between are gone
        unsigned count = 0;
        std::array<abi::PagingEvent, abi::max_events> events{};
    };
    /// The kernel's record of paging events from number `from` on. Above what is written: none, but how many were.
    Result<Events> read_events(Word from) const;
};

} // namespace sys
