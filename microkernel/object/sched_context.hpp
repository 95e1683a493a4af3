// SPDX-License-Identifier: BSD-2-Clause
// A scheduling context: the right to use the CPU for a budget in every period, and the refills that remember when
// budget that was used comes back.
#pragma once

#include <sched/time.hpp>

namespace kernel {

struct Tcb;
struct Notification;
class Reply;

/// `amount` ticks that may be used from `time` on.
struct Refill {
    Ticks time;
    Ticks amount;
    constexpr Ticks end() const { return time + amount; }
};

struct SchedContext {
    Tcb* thread;                ///< runs on it; null = nobody
    Notification* notification; ///< lends it to threads that it wakes
    Reply* top_reply;           ///< the last caller that passed it on
    Tcb* yielded_from;          ///< a thread in YieldTo on this context that has not got its answer
    Ticks budget;
    Ticks period;   ///< 0 = not configured
    Ticks consumed; ///< since somebody asked
    Word badge;     ///< shown in timeout faults
    uint32_t head;  ///< index of the first refill
    uint32_t count; ///< refills in use
    uint32_t max;   ///< refills that may be in use
    bool sporadic;
    bool merging;          ///< more refills were due than one kernel entry may merge
    uint16_t rank;         ///< in the release queue; 0 = not in it
    SchedContext* earlier; ///< children in the release queue (sched/release_queue.hpp)
    SchedContext* later;

    bool is_configured() const { return period.value != 0; }
    bool in_release_queue() const { return rank != 0; }
    bool is_round_robin() const { return budget == period; }

    Refill* refills() { return reinterpret_cast<Refill*>(this + 1); }
    Refill& refill(uint32_t position) {
        const uint32_t index = head + position;
        return refills()[index >= max ? index - max : index];
    }
    Refill& first() { return refills()[head]; }
    const Refill& first() const { return reinterpret_cast<const Refill*>(this + 1)[head]; }
    Refill& last() { return refill(count - 1); }
};

static_assert(sizeof(SchedContext) == 96, "two refills fit into the least size of 128 bytes");

} // namespace kernel
