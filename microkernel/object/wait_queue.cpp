// SPDX-License-Identifier: BSD-2-Clause
#include <object/tcb.hpp>
#include <object/wait_queue.hpp>

namespace kernel {
namespace {

void join(Tcb* before, Tcb* after) {
    if (before)
        before->queue.next = after;
    if (after)
        after->queue.previous = before;
}

void join_runs(Tcb* before, Tcb* after) {
    if (before)
        before->queue.next_run = after;
    if (after)
        after->queue.previous_run = before;
}

void insert_run(Tcb* before, Tcb* after, Tcb& thread) {
    thread.queue.last_of_run = &thread;
    join_runs(before, &thread);
    join_runs(&thread, after);
    join(before ? before->queue.last_of_run : nullptr, &thread);
    join(&thread, after);
}

} // namespace

Tcb* queue_insert(Tcb* first, Tcb& thread) {
    thread.queue = {};
    Tcb* before = nullptr;
    Tcb* run = first;
    while (run && run->priority > thread.priority) {
        before = run;
        run = run->queue.next_run;
    }
    if (run && run->priority == thread.priority) {
        Tcb* last = run->queue.last_of_run;
        join(&thread, last->queue.next);
        join(last, &thread);
        run->queue.last_of_run = &thread;
        return first;
    }
    insert_run(before, run, thread);
    return before ? first : &thread;
}

Tcb* queue_remove(Tcb* first, Tcb& thread) {
    const QueueLinks links = thread.queue;
    Tcb* const new_first = first == &thread ? links.next : first;
    join(links.previous, links.next);
    if (!links.last_of_run) {
        // Not the first of its run; if it was the last, the first must know its new last.
        Tcb* run = first;
        while (run->priority != thread.priority)
            run = run->queue.next_run;
        if (run->queue.last_of_run == &thread)
            run->queue.last_of_run = links.previous;
    } else if (links.last_of_run == &thread) {
        join_runs(links.previous_run, links.next_run);
    } else {
        Tcb* heir = links.next;
        heir->queue.last_of_run = links.last_of_run;
        join_runs(links.previous_run, heir);
        join_runs(heir, links.next_run);
    }
    thread.queue = {};
    return new_first;
}

} // namespace kernel
