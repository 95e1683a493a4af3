// SPDX-License-Identifier: BSD-2-Clause
#include <sched/release_queue.hpp>

namespace kernel {
namespace {

/// Total order: by time, then by address.
bool before(SchedContext& a, SchedContext& b) {
    const Ticks time_a = a.first().time;
    const Ticks time_b = b.first().time;
    return time_a != time_b ? time_a < time_b : &a < &b;
}

} // namespace

/// Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003).
uint16_t ReleaseQueue::draw_rank() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<uint16_t>(random_ >> 48 | 1);
}

void ReleaseQueue::insert(SchedContext& context) {
    SchedContext** link = &root_;
    context.rank = draw_rank();
    while (*link && (*link)->rank >= context.rank)
        link = before(context, **link) ? &(*link)->earlier : &(*link)->later;
    // Split what hangs here into the earlier and the later part.
    SchedContext* rest = *link;
    *link = &context;
    SchedContext** earlier = &context.earlier;
    SchedContext** later = &context.later;
    while (rest) {
        if (before(*rest, context)) {
            *earlier = rest;
            earlier = &rest->later;
            rest = rest->later;
        } else {
            *later = rest;
            later = &rest->earlier;
            rest = rest->earlier;
        }
    }
    *earlier = nullptr;
    *later = nullptr;
    if (!earliest_ || before(context, *earliest_))
        earliest_ = &context;
}

void ReleaseQueue::remove(SchedContext& context) {
    SchedContext** link = &root_;
    while (*link != &context)
        link = before(context, **link) ? &(*link)->earlier : &(*link)->later;
    // Merge its two children, the one of higher rank on top.
    SchedContext* earlier = context.earlier;
    SchedContext* later = context.later;
    while (earlier && later) {
        if (earlier->rank >= later->rank) {
            *link = earlier;
            link = &earlier->later;
            earlier = earlier->later;
        } else {
            *link = later;
            link = &later->earlier;
            later = later->earlier;
        }
    }
    *link = earlier ? earlier : later;
    context.earlier = nullptr;
    context.later = nullptr;
    context.rank = 0;
    if (earliest_ != &context)
        return;
    earliest_ = root_;
    while (earliest_ && earliest_->earlier)
        earliest_ = earliest_->earlier;
}

} // namespace kernel
