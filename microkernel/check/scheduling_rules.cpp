// SPDX-License-Identifier: BSD-2-Clause
#include <check/inspector.hpp>
#include <check/rules.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <sched/scheduler.hpp>

namespace kernel {
namespace {

bool comes_before(const SchedContext& a, const SchedContext& b) {
    const Ticks time_a = a.first().time;
    const Ticks time_b = b.first().time;
    return time_a != time_b ? time_a < time_b : &a < &b;
}

Sound check_refills(SchedContext& context, unsigned size_bits) {
    const Word room = (bit(size_bits) - sizeof(SchedContext)) / sizeof(Refill);
    TRY(holds(context.max <= room && context.count >= 1 && context.count <= context.max && context.head < context.max,
              "37: a configured context has between one and all of its refills"));
    Ticks sum{};
    const uint32_t first_that_follows = context.merging ? 2 : 1;
    for (uint32_t i = 0; i < context.count; i++) {
        sum += context.refill(i).amount;
        TRY(holds(i < first_that_follows || context.refill(i - 1).end() <= context.refill(i).time,
                  "37: refills follow one another"));
    }
    return holds(context.is_round_robin() ? sum <= context.budget : sum == context.budget,
                 "37: refills add up to the budget");
}

/// The way that the release queue takes to find `context`, and both of its links there.
Sound check_released(const SchedContext& context, Census& census) {
    census.released.here++;
    census.released.there += context.earlier != nullptr;
    census.released.there += context.later != nullptr;
    TRY(holds(context.thread, "38: only contexts of threads wait for refills"));
    const SchedContext* at = Inspector::root(kernel_state.release);
    while (at && at != &context) {
        const SchedContext* const next = comes_before(context, *at) ? at->earlier : at->later;
        TRY(holds(!next || next->rank <= at->rank, "38: the release queue is a heap by rank"));
        at = next;
    }
    TRY(holds(at, "38: a context that waits for a refill is where the release queue would look for it"));
    const SchedContext* const earliest = kernel_state.release.earliest();
    return holds(earliest && !comes_before(context, *earliest), "38: the release queue knows who comes first");
}

bool is_marked(ReadyQueues& ready, uint8_t priority) {
    return Inspector::occupied(ready)[priority / 64] >> priority % 64 & 1;
}

bool is_summed_up(ReadyQueues& ready) {
    uint64_t words = 0;
    for (unsigned word = 0; word < Inspector::occupied(ready).size(); word++)
        words |= Inspector::occupied(ready)[word] != 0 ? bit(word) : 0;
    return Inspector::summary(ready) == words;
}

Sound check_ready_queue(uint8_t priority, Census& census) {
    ReadyQueues& ready = kernel_state.ready;
    const Tcb* previous = nullptr;
    for (const Tcb* thread = ready.first(priority); thread; thread = thread->queue.next) {
        census.ready.there++;
        TRY(holds(thread->queue.previous == previous, "24: ready queues are linked both ways"));
        TRY(holds(thread->priority == priority && thread->in_ready_queue,
                  "24: who is in a ready queue knows it, and has its priority"));
        previous = thread;
    }
    TRY(holds(Inspector::last(ready, priority) == previous, "24: a ready queue knows its last thread"));
    return holds(is_marked(ready, priority) == (previous != nullptr),
                 "27: the bitmap of ready queues says which are not empty");
}

/// It goes off no later than the running budget ends or a refill is due.
bool is_timer_early_enough() {
    const SchedContext* const next = kernel_state.release.earliest();
    return (!cpu.context || cpu.timer <= cpu.charged_until + cpu.context->first().amount) &&
           (!next || cpu.timer <= next->first().time);
}

} // namespace

Sound check_choice() {
    return holds(!cpu.current || !kernel_state.ready.any_above(cpu.current->priority),
                 "27: nobody is ready above the running thread");
}

Sound check_context(SchedContext& context, unsigned size_bits, Census& census) {
    census.contexts.there += context.thread != nullptr;
    census.lenders.there += context.notification != nullptr;
    census.yields.there += context.yielded_from != nullptr;
    census.tops.here += context.top_reply != nullptr;
    TRY(holds(!context.thread || context.thread->sched_context == &context, "36: a context's thread runs on it"));
    TRY(holds(!context.notification || context.notification->sched_context == &context,
              "36: a context's notification knows the context"));
    TRY(holds(!context.yielded_from || context.yielded_from->yielded_to == &context,
              "36: the thread that yielded to a context knows the context"));
    TRY(holds(!context.top_reply || context.top_reply->context() == &context,
              "39: the top of a context's stack knows the context"));
    if (context.in_release_queue())
        TRY(check_released(context, census));
    return context.is_configured() ? check_refills(context, size_bits) : Sound(sound);
}

Sound check_scheduler(Census& census) {
    for (unsigned priority = 0; priority < priority_count; priority++)
        TRY(check_ready_queue(static_cast<uint8_t>(priority), census));
    TRY(holds(is_summed_up(kernel_state.ready), "27: the summary of the bitmap says which words are not 0"));
    census.released.there += Inspector::root(kernel_state.release) != nullptr;
    TRY(holds(!cpu.choosing && !cpu.candidate, "23: no decision is pending between kernel entries"));
    TRY(holds(!cpu.current || is_schedulable(*cpu.current), "23: the running thread can run"));
    TRY(holds(cpu.current || kernel_state.ready.is_empty(), "23: nobody idles while a thread is ready"));
    TRY(holds(cpu.context == (cpu.current ? cpu.current->sched_context : nullptr),
              "23: the running thread's context pays"));
    return holds(is_timer_early_enough(), "38: the timer goes off before anything is due");
}

} // namespace kernel
