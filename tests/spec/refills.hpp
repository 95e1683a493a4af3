// SPDX-License-Identifier: BSD-2-Clause
// Refills: budget that may be used, or comes back later. "Budget used comes back one period later (sliding window); pieces
// beyond the number of refills are merged later, never earlier."
#pragma once

#include <spec/objects.hpp>

namespace spec {

/// All of the budget at once.
void fill(SchedContext& context, Time now);
/// `amount` has been used, from the start of the first refill on; less than `least` is too little to run on.
void use(SchedContext& context, Time amount, Time least);
/// Refills whose time has passed are moved to now and merged.
void merge_passed(SchedContext& context, Time now);
/// Another budget and period for a context in use: what was used counts.
void reconfigure(SchedContext& context, Time now, Time budget, Time period, unsigned refills, Time least);

} // namespace spec
