// SPDX-License-Identifier: BSD-2-Clause
#include <spec/refills.hpp>

#include <algorithm>

namespace spec {
namespace {

/// `piece` comes back: behind the last refill, merged with that if they touch or there is no room.
void come_back(SchedContext& context, Refill piece) {
    auto& refills = context.refills;
    if (refills.empty() ||
        (refills.back().time + refills.back().amount < piece.time && refills.size() < context.used_refills)) {
        refills.push_back(piece);
        return;
    }
    Refill& last = refills.back();
    if (last.time + last.amount < piece.time)
        last.time = piece.time - last.amount;
    last.amount += piece.amount;
}

/// What is too little to run on is added to the next refill.
void merge_small(SchedContext& context, Time least) {
    auto& refills = context.refills;
    while (refills.size() > 1 && refills.front().amount < least) {
        const Time small = refills.front().amount;
        refills.pop_front();
        refills.front().time -= small;
        refills.front().amount += small;
    }
}

} // namespace

void fill(SchedContext& context, Time now) { context.refills = {{now, context.budget}}; }

void use(SchedContext& context, Time amount, Time least) {
    auto& refills = context.refills;
    if (context.round_robin()) {
        refills.front().amount -= std::min(amount, refills.front().amount);
        return;
    }
    while (amount >= refills.front().amount) {
        Refill used = refills.front();
        amount -= used.amount;
        refills.pop_front();
        used.time += context.period;
        come_back(context, used);
    }
    if (amount > 0) {
        Refill& first = refills.front();
        const Time when = first.time + context.period;
        first.time += amount;
        first.amount -= amount;
        // First, so that it makes room: a tiny rest must not put off the large piece that this one is merged with.
        merge_small(context, least);
        come_back(context, {when, amount});
    }
    merge_small(context, least);
}

void merge_passed(SchedContext& context, Time now) {
    auto& refills = context.refills;
    if (context.round_robin() || refills.front().time > now)
        return;
    refills.front().time = now;
    while (refills.size() > 1 && refills[1].time <= now + refills.front().amount) {
        refills[1].amount += refills.front().amount;
        refills[1].time = now;
        refills.pop_front();
    }
}

void reconfigure(SchedContext& context, Time now, Time budget, Time period, unsigned refills, Time least) {
    Refill first = context.refills.front();
    if (context.round_robin())
        first.time = now; // until now it has been in use
    context.budget = budget;
    context.period = period;
    context.used_refills = refills;
    const Time left = context.round_robin() ? budget : std::min(std::max(first.amount, least), budget);
    context.refills = {{first.time, left}};
    if (left < budget)
        context.refills.push_back({first.time + left + period, budget - left});
}

} // namespace spec
