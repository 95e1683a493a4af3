// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts (a budget of microseconds per period), and SchedControl, which fills them.
#pragma once

#include <abi/object.hpp>
#include <sys/cap/object.hpp>

namespace sys {

/// A span of time as the kernel counts it in scheduling calls.
struct Microseconds {
    Word count = 0; ///< microseconds
    constexpr auto operator<=>(const Microseconds&) const = default;
};

/// Time that a thread may run.
class SchedContext : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::sched_context;
    using Object::Object;

    /// To a thread or a notification.
    Result<void> bind(Object thread_or_notification) const {
        return invoke(*this, abi::Invocation::sched_context_bind, with_caps(thread_or_notification));
    }
    /// From thread, notification and stack of callers.
    Result<void> unbind() const { return invoke(*this, abi::Invocation::sched_context_unbind, with_caps()); }
    /// From this thread or notification, if it is the one.
    Result<void> unbind_object(Object thread_or_notification) const {
        return invoke(*this, abi::Invocation::sched_context_unbind_object, with_caps(thread_or_notification));
    }
    /// Time used since this was last asked.
    Result<Microseconds> consumed() const { return time_of(abi::Invocation::sched_context_consumed); }
    /// Lets the thread of this context run before the caller; returns the time it used.
    Result<Microseconds> yield_to() const { return time_of(abi::Invocation::sched_context_yield_to); }

private:
    Result<Microseconds> time_of(abi::Invocation method) const {
        return Microseconds{TRY(invoke_for_word(*this, method, with_caps()))};
    }
};

/// The calling thread gives up what is left of its budget: it goes on behind others of its priority, once it has some again.
inline void yield() {
    raw::Registers registers;
    raw::enter(abi::Syscall::yield, registers);
}

/// Gives scheduling contexts their time.
class SchedControl : public Object {
public:
    using Object::Object;

    /// So much time in each period.
    struct Budget {
        Microseconds budget; ///< at least 20; budget = period: round robin with this time slice
        Microseconds period; ///< at least the budget
        Word extra_refills = 0; ///< beyond two; the object must have room
        Word badge = 0; ///< shown in Timeout faults
        bool sporadic = false; ///< refills come as time was used, not in one piece
    };
    /// Takes effect at once, for a thread that runs too. RangeError for times and refills out of range.
    Result<void> configure(SchedContext context, const Budget& to) const {
        return invoke(*this, abi::Invocation::sched_control_configure_flags, with_caps(context), to.budget.count,
                      to.period.count, to.extra_refills, to.badge, to.sporadic);
    }
};

} // namespace sys
