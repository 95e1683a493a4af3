// SPDX-License-Identifier: BSD-2-Clause
// The arithmetic of budgets: what is used comes back one period later, in as many pieces as the context has room for.
#pragma once

#include <object/sched_context.hpp>

namespace kernel {

/// The first refill is due and larger than what a kernel entry may need, `used` already taken off.
inline bool has_budget(const SchedContext& context, Ticks now, Ticks used, Ticks min_budget) {
    const Refill& first = context.first();
    return first.time <= now && first.amount >= used + min_budget;
}
/// Full budget from `now` on; `refills` (2 or more) may be in use, unless it is round robin.
void set_refills(SchedContext& context, uint32_t refills, Ticks now);

/// Takes `used` ticks off, to come back one period later. Not round robin.
void take(SchedContext& context, Ticks used, Ticks min_budget);
/// The context pays for `used` ticks. Round robin: an exhausted slice is full again at once.
inline void charge(SchedContext& context, Ticks used, Ticks min_budget) {
    context.consumed += used;
    if (!context.is_round_robin())
        return take(context, used, min_budget);
    Refill& slice = context.first();
    slice.amount = slice.amount >= used + min_budget ? slice.amount - used : context.budget;
}
/// The rest of the first refill is given up, without counting as consumed.
inline void forfeit(SchedContext& context, Ticks min_budget) {
    if (!context.is_round_robin())
        return take(context, context.first().amount, min_budget);
    context.first().amount = context.budget;
}

/// What comes before the first refill ends joins it: a bounded number, then `merging` says whether there are more. It does
/// not matter how late those are merged, as long as that is before the first ends.
void merge_refills(SchedContext& context);
/// Refills whose time has passed are moved to now and merged.
inline void merge_due_refills(SchedContext& context, Ticks now) {
    if (context.is_round_robin() || context.first().time > now)
        return;
    context.first().time = now;
    merge_refills(context);
}

} // namespace kernel
