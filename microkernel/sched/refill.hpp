// SPDX-License-Identifier: BSD-2-Clause
// The arithmetic of budgets: what is used comes back one period later, in as many pieces as the context has room for.
#pragma once

#include <object/sched_context.hpp>

namespace kernel {

/// The first refill is due and larger than what a kernel entry may need, `used` already taken off.
bool has_budget(SchedContext& context, Ticks now, Ticks used, Ticks min_budget);
/// Full budget from `now` on; `refills` (2 or more) may be in use, unless it is round robin.
void set_refills(SchedContext& context, uint32_t refills, Ticks now);
/// Takes `used` ticks off and schedules their return. Round robin: an exhausted slice is full again at once.
void charge(SchedContext& context, Ticks used, Ticks min_budget);
/// The rest of the first refill is given up, without counting as consumed.
void forfeit(SchedContext& context, Ticks min_budget);
/// Refills whose time has passed are moved to now and merged.
void merge_due_refills(SchedContext& context, Ticks now);

} // namespace kernel
