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

/// Multiplicative hashing (Knuth, The Art of Computer Programming, vol. 3, 6.4).
Word heap_rank(const SchedContext& context) { return reinterpret_cast<Word>(&context) / 64 * 0x9e37'79b9'7f4a'7c15; }

} // namespace

void ReleaseQueue::insert(SchedContext& context) {
    SchedContext** link = &root_;
    const Word rank = heap_rank(context);
    while (*link && heap_rank(**link) >= rank)
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
    context.in_release_queue = true;
}

void ReleaseQueue::remove(SchedContext& context) {
    SchedContext** link = &root_;
    while (*link != &context)
        link = before(context, **link) ? &(*link)->earlier : &(*link)->later;
    // Merge its two children, the one of higher rank on top.
    SchedContext* earlier = context.earlier;
    SchedContext* later = context.later;
    while (earlier && later) {
        if (heap_rank(*earlier) >= heap_rank(*later)) {
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
    context.in_release_queue = false;
}

SchedContext* ReleaseQueue::earliest() const {
    SchedContext* context = root_;
    while (context && context->earlier)
        context = context->earlier;
    return context;
}

} // namespace kernel
