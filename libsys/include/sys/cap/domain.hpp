// SPDX-License-Identifier: BSD-2-Clause
// Scheduling domains. This profile has exactly one, domain 0.
#pragma once

#include <sys/cap/tcb.hpp>

namespace sys {

/// Says which threads belong to which domain of the schedule.
class DomainSet : public Object {
public:
    using Object::Object;

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
};

} // namespace sys
