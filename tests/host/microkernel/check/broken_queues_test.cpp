// SPDX-License-Identifier: BSD-2-Clause
// How to break what always holds of queues, stacks of replies, budgets and the timer.
#include "everything.hpp"

#include <check/inspector.hpp>

namespace test {
namespace {

ReadyQueues& ready() { return kernel_state.ready; }

SchedContext& root() { return *Inspector::root(kernel_state.release); }

/// The other context that waits for a refill.
SchedContext& below_root() { return root().earlier ? *root().earlier : *root().later; }

/// Two callers, each of which is below the other in a stack without end.
void make_a_ring_of_replies(Everything& world) {
    Reply& one = world.reply(world.idle_reply);
    Reply& other = world.reply(world.make(ObjectType::reply));
    world.let_await(world.idle(), one);
    world.let_await(world.thread(world.spare_thread_cap), other);
    one.previous = &other;
    one.set_next(&other);
    other.previous = &one;
    other.set_next(&one);
}

constexpr Breaking all[] = {
    // --- wait queues ---
    {"24: nothing stands before the first thread of a queue",
     [](Everything& w) { w.in_queue(0).queue.previous_run = &w.in_queue(3); }},
    {"24: wait queues are linked both ways and ordered by priority",
     [](Everything& w) { w.in_queue(2).priority = 95; }},
    {"24: only the first of a run knows the last", [](Everything& w) { w.in_queue(0).queue.last_of_run = nullptr; }},
    {"24: the first of a run knows the last, and the next run",
     [](Everything& w) { w.in_queue(0).queue.next_run = &w.in_queue(3); }},
    {"24: a run knows the run before it", [](Everything& w) { w.in_queue(3).queue.previous_run = &w.in_queue(0); }},

    // --- endpoints and notifications ---
    {"25: an endpoint is idle exactly if nobody is queued",
     [](Everything& w) { reinterpret_cast<Word&>(w.endpoint(w.idle_endpoint)) = 2; }},
    {"25: an endpoint queues only senders or only receivers",
     [](Everything& w) { w.in_queue(0).state = ThreadState::receiving; }},
    {"40: a search for senders goes on with one who is queued",
     [](Everything& w) { w.endpoint(w.queue).keep_scan(&w.ready(), 5); }},
    {"24: notifications are in a known state",
     [](Everything& w) { w.notification(w.idle_bell).state = static_cast<Notification::State>(3); }},
    {"24: a notification is waited for exactly if somebody is queued",
     [](Everything& w) { w.notification(w.bell).state = Notification::State::idle; }},
    {"24: only an active notification has signals", [](Everything& w) { w.notification(w.idle_bell).signals = 1; }},
    {"24: a notification queues only threads that wait for it",
     [](Everything& w) { w.waiter().state = ThreadState::stopped; }},
    {"24: nobody but its bound thread waits for a notification",
     [](Everything& w) { w.notification(w.bell).bound = &w.ready(); }},

    // --- stacks of replies ---
    {"39: an idle reply object is in no stack",
     [](Everything& w) { w.reply(w.idle_reply).previous = &w.reply(w.reply_cap); }},
    {"39: the reply above in a stack knows the one below",
     [](Everything& w) {
         w.let_await(w.idle(), w.reply(w.idle_reply));
         w.reply(w.idle_reply).set_next(&w.reply(w.inner_reply));
     }},
    {"39: the reply below in a stack knows the one above",
     [](Everything& w) { w.reply(w.reply_cap).set_next(&w.reply(w.idle_reply)); }},
    {"39: the context knows the reply on top of its stack",
     [](Everything& w) {
         w.let_await(w.idle(), w.reply(w.idle_reply));
         w.reply(w.idle_reply).set_context(&w.context(w.spare));
     }},
    {"39: the top of a context's stack knows the context",
     [](Everything& w) { w.context(w.lent).top_reply = &w.reply(w.idle_reply); }},
    {"39: who is in a stack of replies awaits one",
     [](Everything& w) {
         w.reply(w.listen_reply).set_context(&w.context(w.spare));
         w.context(w.spare).top_reply = &w.reply(w.listen_reply);
     }},
    {"39: every stack of replies has a top and an end", make_a_ring_of_replies},

    // --- ready queues ---
    {"24: ready queues are linked both ways",
     [](Everything& w) {
         w.ready_too().queue.next = &w.ready();
         w.ready().queue.previous = w.ready().queue.next;
     }},
    {"24: who is in a ready queue knows it, and has its priority", [](Everything& w) { w.ready_too().priority = 11; }},
    {"24: a ready queue knows its last thread", [](Everything& w) { Inspector::last(ready(), 10) = &w.ready(); }},
    {"27: the bitmap of ready queues says which are not empty",
     [](Everything&) { Inspector::occupied(ready())[0] |= bit(5); }},
    {"27: the summary of the bitmap says which words are not 0",
     [](Everything&) { Inspector::summary(ready()) |= bit(1); }},

    // --- budgets, the release queue, the timer ---
    {"37: a configured context has between one and all of its refills",
     [](Everything& w) { w.context(w.lent).count = 0; }},
    {"37: refills follow one another",
     [](Everything& w) {
         SchedContext& context = w.context(w.poor_context);
         context.count = 2;
         context.refill(1) = context.first();
     }},
    {"37: refills add up to the budget", [](Everything& w) { w.context(w.poor_context).budget += Ticks{1}; }},
    {"38: only contexts of threads wait for refills", [](Everything& w) { w.context(w.lent).rank = 1; }},
    {"38: the release queue is a heap by rank",
     [](Everything&) {
         root().rank = 1;
         below_root().rank = 2;
     }},
    {"38: a context that waits for a refill is where the release queue would look for it",
     [](Everything&) { root().earlier = root().later = nullptr; }},
    {"38: the release queue knows who comes first",
     [](Everything& w) { Inspector::earliest(kernel_state.release) = &w.context(w.poor_too_context); }},
    {"38: the release queue holds who says so, each once",
     [](Everything&) { (below_root().earlier ? below_root().later : below_root().earlier) = &below_root(); }},
    {"38: the timer goes off before anything is due", [](Everything&) { cpu.timer = never; }},
};

} // namespace

std::span<const Breaking> breakings_of_queues() { return all; }

} // namespace test
