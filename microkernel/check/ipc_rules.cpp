// SPDX-License-Identifier: BSD-2-Clause
// Endpoints, notifications and reply objects, and the queues of threads at them.
#include <check/inspector.hpp>
#include <check/rules.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <object/sched_context.hpp>

namespace kernel {
namespace {

/// A wait queue from its first thread on: order, links, runs.
Sound check_queue(const Tcb* first) {
    TRY(holds(!first || (!first->queue.previous && !first->queue.previous_run),
              "24: nothing stands before the first thread of a queue"));
    const Tcb* run = first;
    for (const Tcb* thread = first; thread; thread = thread->queue.next) {
        const Tcb* next = thread->queue.next;
        TRY(holds(!next || (next->queue.previous == thread && next->priority <= thread->priority),
                  "24: wait queues are linked both ways and ordered by priority"));
        TRY(holds((thread == run) == (thread->queue.last_of_run != nullptr),
                  "24: only the first of a run knows the last"));
        if (next && next->priority == thread->priority)
            continue;
        TRY(holds(run->queue.last_of_run == thread && run->queue.next_run == next,
                  "24: the first of a run knows the last, and the next run"));
        TRY(holds(!next || next->queue.previous_run == run, "24: a run knows the run before it"));
        run = next;
    }
    return sound;
}

} // namespace

Sound check_endpoint(const Endpoint& endpoint, Census& census) {
    TRY(holds((endpoint.state() == Endpoint::State::idle) == (endpoint.first() == nullptr),
              "25: an endpoint is idle exactly if nobody is queued"));
    TRY(check_queue(endpoint.first()));
    const ThreadState state =
        endpoint.state() == Endpoint::State::senders ? ThreadState::sending : ThreadState::receiving;
    const Tcb* const scanned = Inspector::scanned(endpoint);
    bool has_scanned = false;
    for (const Tcb* thread = endpoint.first(); thread; thread = thread->queue.next) {
        census.queued.there++;
        TRY(holds(thread->state == state && thread->endpoint == &endpoint,
                  "25: an endpoint queues only senders or only receivers"));
        has_scanned |= thread == scanned;
    }
    return holds(!scanned || has_scanned, "40: a search for senders goes on with one who is queued");
}

Sound check_notification(const Notification& notification, Census& census) {
    census.bound.there += notification.bound != nullptr;
    census.lenders.here += notification.sched_context != nullptr;
    TRY(holds(notification.state <= Notification::State::active, "24: notifications are in a known state"));
    TRY(holds((notification.state == Notification::State::waiting) == (notification.waiters != nullptr),
              "24: a notification is waited for exactly if somebody is queued"));
    TRY(holds(notification.state == Notification::State::active || notification.signals == 0,
              "24: only an active notification has signals"));
    TRY(check_queue(notification.waiters));
    for (const Tcb* thread = notification.waiters; thread; thread = thread->queue.next) {
        census.waiting.there++;
        TRY(holds(thread->state == ThreadState::waiting && thread->waits_on == &notification,
                  "24: a notification queues only threads that wait for it"));
        TRY(holds(!notification.bound || notification.bound == thread,
                  "24: nobody but its bound thread waits for a notification"));
    }
    TRY(holds(!notification.bound || notification.bound->bound_notification == &notification,
              "36: a notification's bound thread knows it"));
    return holds(!notification.sched_context || notification.sched_context->notification == &notification,
                 "36: a notification's context knows it");
}

Sound check_reply(const Reply& reply, Census& census) {
    const Reply* const next = reply.next();
    census.replies.there += reply.thread != nullptr;
    census.tops.there += reply.context() != nullptr;
    TRY(holds(!reply.thread || reply.thread->reply == &reply, "13: a reply object and its thread know each other"));
    TRY(holds(reply.thread || (!reply.is_stacked() && !reply.previous), "39: an idle reply object is in no stack"));
    TRY(holds(!next || next->previous == &reply, "39: the reply above in a stack knows the one below"));
    TRY(holds(!reply.context() || reply.context()->top_reply == &reply,
              "39: the context knows the reply on top of its stack"));
    const bool stacked = reply.is_stacked() || reply.previous;
    TRY(holds(!stacked || reply.thread->state == ThreadState::awaiting_reply,
              "39: who is in a stack of replies awaits one"));
    census.stacked.here += stacked;
    for (const Reply* at = stacked && !next ? &reply : nullptr; at; at = at->previous) {
        census.stacked.there++;
        TRY(holds(!at->previous || at->previous->next() == at, "39: the reply below in a stack knows the one above"));
    }
    return sound;
}

} // namespace kernel
