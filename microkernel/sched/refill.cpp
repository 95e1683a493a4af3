// SPDX-License-Identifier: BSD-2-Clause
#include <sched/refill.hpp>

namespace kernel {
namespace {

Refill pop_first(SchedContext& context) {
    const Refill refill = context.first();
    context.head = context.head + 1 == context.max ? 0 : context.head + 1;
    --context.count;
    return refill;
}

void append(SchedContext& context, Refill refill) {
    if (context.count > 0) {
        Refill& last = context.last();
        const bool joins = last.end() >= refill.time;
        if (joins || context.count == context.max) {
            // Merged later, never earlier: the joint piece ends when the new one would.
            last.time = joins ? last.time : refill.time - last.amount;
            last.amount += refill.amount;
            return;
        }
    }
    ++context.count;
    context.last() = refill;
}

/// A first piece too small for a kernel entry joins the one after it.
void absorb_small_first(SchedContext& context, Ticks min_budget) {
    while (context.count > 1 && context.first().amount < min_budget) {
        const Refill small = pop_first(context);
        context.first().time -= Ticks{small.amount.value < context.first().time.value ? small.amount : Ticks{}};
        context.first().amount += small.amount;
    }
}

} // namespace

void set_refills(SchedContext& context, uint32_t refills, Ticks now) {
    context.head = 0;
    context.count = 1;
    context.max = refills;
    context.first() = {now, context.budget};
}

void take(SchedContext& context, Ticks used, Ticks min_budget) {
    while (used.value > 0 && used >= context.first().amount) {
        const Refill spent = pop_first(context);
        used -= spent.amount;
        append(context, {spent.time + context.period, spent.amount});
    }
    if (used.value > 0) {
        Refill& first = context.first();
        const Ticks back = first.time + context.period;
        first.amount -= used;
        first.time += used;
        // First, so that it makes room: else a tiny rest would put off the large piece that the new one is merged with.
        absorb_small_first(context, min_budget);
        append(context, {back, used});
    }
    absorb_small_first(context, min_budget);
}

void merge_refills(SchedContext& context) {
    constexpr unsigned most = 64;
    unsigned merged = 0;
    const auto joins = [&] { return context.count > 1 && context.refill(1).time <= context.first().end(); };
    for (; merged < most && joins(); merged++) {
        const Refill first = pop_first(context);
        context.first() = {first.time, first.amount + context.first().amount};
    }
    context.merging = merged == most && joins();
}

} // namespace kernel
