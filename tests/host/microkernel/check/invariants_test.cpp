// SPDX-License-Identifier: BSD-2-Clause
// The checker of invariants sees each of them broken: a sound world, one field changed by hand, the sentence.
#include <support/ipc_pair.hpp>

#include <check/invariants.hpp>

#include <string>

using namespace test;

namespace {

/// A little of everything: two callers on a stack of replies, queued senders of two priorities, a waiting thread, a
/// bound notification that lends a context, ready threads, a context that waits for its refill.
struct Everything : Pair {
    Word inner_endpoint = make(ObjectType::endpoint);
    Word inner_reply = make(ObjectType::reply);
    Word inner_cap = make_thread();
    Word queue = make(ObjectType::endpoint);
    Words queued;
    Word bell = make(ObjectType::notification);
    Word waiter_cap = make_thread();
    Word ready_cap = make_thread(10);
    Word ready_too_cap = make_thread(10);
    Word lent = make_context();
    Word poor_cap = make_thread(250, false);
    Word poor_context = make_context(1000, 10'000);
    Word node = make(ObjectType::cnode, 4);
    Word idle_reply = make(ObjectType::reply);

    Everything() {
        passive(server_cap, endpoint_cap, reply_cap);
        passive(inner_cap, inner_endpoint, inner_reply);
        for (uint8_t priority : {90, 90, 80, 70}) {
            queued.push_back(make_thread(priority));
            run(thread(queued.back()));
            send(thread(queued.back()), queue, 0);
        }
        run(thread(waiter_cap));
        receive(thread(waiter_cap), bell, 0, Syscall::wait);
        run(root());
        REQUIRE(invoke(ready_cap, Method::tcb_resume).ok());
        REQUIRE(invoke(ready_too_cap, Method::tcb_resume).ok());
        REQUIRE(invoke(lent, Method::sched_context_bind, {}, {bell}).ok());
        REQUIRE(invoke(poor_context, Method::sched_context_bind, {}, {poor_cap}).ok());
        run(thread(poor_cap));
        advance_us(1000);
        fire_timer();
        run(client);
        call(client, endpoint_cap, 1);
        call(server, inner_endpoint, 1);
        REQUIRE(is_running(thread(inner_cap)));
        REQUIRE(broken() == "");
    }
    void passive(Word who, Word on, Word with) {
        run(thread(who));
        receive(thread(who), on, with);
        run(root());
        for (Word index = at::first_free; index < bit(root_radix); index++) {
            if (cap(index).is(CapType::sched_context) && context(index).thread == &thread(who))
                REQUIRE(invoke(index, Method::sched_context_unbind).ok());
        }
    }
    std::string broken() {
        const char* sentence = broken_invariant(Capability::cnode(root_cnode, root_radix));
        return sentence ? sentence : "";
    }
    Tcb& in_queue(unsigned index) { return thread(queued[index]); }
    Tcb& waiter() { return thread(waiter_cap); }
    Tcb& ready() { return thread(ready_too_cap); }
    Tcb& running() { return thread(inner_cap); }
};

struct Breaking {
    const char* sentence;
    void (*what)(Everything&);
};

constexpr Breaking breakings[] = {
    {"an empty slot is in no list", [](Everything& w) { w.slot(w.free_slot()).set_next(&w.slot(at::tcb)); }},
    {"the next capability knows this one as the previous",
     [](Everything& w) { w.slot(w.bell).next()->set_previous(&w.slot(at::tcb)); }},
    {"capabilities have a known type",
     [](Everything& w) { w.slot(at::domain_set).cap = Capability::control(static_cast<CapType>(31)); }},
    {"guard and radix fit into a word",
     [](Everything& w) { w.slot(w.node).cap.set_guard(abi::CNodeData(0, 63).raw()); }},
    {"objects are aligned to their size",
     [](Everything& w) { w.slot(w.lent).cap = Capability::sched_context(w.cap(w.lent).object() + 16, 8); }},
    {"no untyped has given out more than it has",
     [](Everything& w) { w.slot(at::small_untyped).cap.set_watermark(8192); }},
    {"objects lie below the watermark of their untyped",
     [](Everything& w) { w.slot(at::untyped).cap.set_watermark(16); }},
    {"nothing stands before the first thread of a queue",
     [](Everything& w) { w.in_queue(0).queue.previous = &w.in_queue(1); }},
    {"wait queues are linked both ways and ordered by priority", [](Everything& w) { w.in_queue(2).priority = 95; }},
    {"only the first of a run knows the last", [](Everything& w) { w.in_queue(0).queue.last_of_run = nullptr; }},
    {"the first of a run knows the last, and the next run",
     [](Everything& w) { w.in_queue(0).queue.next_run = &w.in_queue(3); }},
    {"a run knows the run before it", [](Everything& w) { w.in_queue(3).queue.previous_run = &w.in_queue(0); }},
    {"a thread's scheduling context is bound to it",
     [](Everything& w) { w.server.sched_context = &w.context(w.lent); }},
    {"a thread's bound notification knows the thread",
     [](Everything& w) { w.ready().bound_notification = &w.notification(w.bell); }},
    {"the context that a thread yielded to knows the thread",
     [](Everything& w) { w.ready().yielded_to = &w.context(w.lent); }},
    {"a thread and its reply object know each other", [](Everything& w) { w.ready().reply = &w.reply(w.idle_reply); }},
    {"saved addresses are canonical", [](Everything& w) { w.ready().context.rip = bit(63); }},
    {"saved flags are what user code may have", [](Everything& w) { w.ready().context.rflags = 0; }},
    {"threads run in ring 3", [](Everything& w) { w.ready().context.cs = 8; }},
    {"a thread is in a ready queue exactly if it could run and does not",
     [](Everything& w) { w.ready().in_ready_queue = false; }},
    {"a sending or receiving thread is queued on its endpoint",
     [](Everything& w) { w.in_queue(1).endpoint = &w.endpoint(w.endpoint_cap); }},
    {"a waiting thread is queued on its notification",
     [](Everything& w) { w.waiter().waits_on = &w.notification(w.make(ObjectType::notification)); }},
    {"a thread that awaits a reply has a reply object", [](Everything& w) { w.client.reply = nullptr; }},
    {"only receiving and calling threads have a reply object",
     [](Everything& w) {
         w.reply(w.idle_reply).thread = &w.ready();
         w.ready().reply = &w.reply(w.idle_reply);
     }},
    {"a thread with a pending fault does not run", [](Everything& w) { w.ready().fault.type = abi::Fault::vm_fault; }},
    {"a configured context has between one and all of its refills", [](Everything& w) { w.context(w.lent).count = 0; }},
    {"refills follow one another",
     [](Everything& w) {
         SchedContext& context = w.context(w.poor_context);
         context.count = 2;
         context.refill(1) = context.first();
     }},
    {"refills add up to the budget", [](Everything& w) { w.context(w.poor_context).budget += Ticks{1}; }},
    {"a context's thread runs on it", [](Everything& w) { w.context(w.lent).thread = &w.waiter(); }},
    {"a context's notification knows the context",
     [](Everything& w) { w.context(w.poor_context).notification = &w.notification(w.bell); }},
    {"the thread that yielded to a context knows the context",
     [](Everything& w) { w.context(w.lent).yielded_from = &w.ready(); }},
    {"the top of a context's stack knows the context",
     [](Everything& w) { w.context(w.lent).top_reply = &w.reply(w.idle_reply); }},
    {"only contexts of threads wait for refills", [](Everything& w) { w.context(w.lent).rank = 1; }},
    {"a notification is waited for exactly if somebody is queued",
     [](Everything& w) { w.notification(w.bell).state = Notification::State::idle; }},
    {"a notification queues only threads that wait for it",
     [](Everything& w) { w.waiter().state = ThreadState::stopped; }},
    {"a notification's bound thread knows it", [](Everything& w) { w.notification(w.bell).bound = &w.ready(); }},
    {"a notification's context knows it", [](Everything& w) { w.context(w.lent).notification = nullptr; }},
    {"an idle reply object is in no stack",
     [](Everything& w) { w.reply(w.idle_reply).previous = &w.reply(w.reply_cap); }},
    {"the reply below in a stack knows the one above",
     [](Everything& w) { w.reply(w.reply_cap).set_next(&w.reply(w.idle_reply)); }},
    {"nothing stands before the first thread of a ready queue",
     [](Everything& w) { kernel_state.ready.first(10)->queue.previous = &w.waiter(); }},
    {"ready queues are linked both ways",
     [](Everything& w) { kernel_state.ready.first(10)->queue.next->queue.previous = &w.waiter(); }},
    {"ready threads are in the queue of their priority", [](Everything& w) { w.ready().priority = 11; }},
    {"no decision is pending between kernel entries", [](Everything&) { cpu.candidate = cpu.current; }},
    {"the running thread can run", [](Everything& w) { w.running().state = ThreadState::stopped; }},
    {"nobody idles while a thread is ready",
     [](Everything& w) {
         w.running().state = ThreadState::stopped;
         cpu.current = nullptr;
     }},
    {"the running thread's context pays", [](Everything& w) { cpu.context = &w.context(w.lent); }},
};

} // namespace

TEST_CASE("each invariant is seen when it is broken", "[check]") {
    for (const Breaking& breaking : breakings) {
        CAPTURE(breaking.sentence);
        Everything world;
        breaking.what(world);
        CHECK(world.broken() == breaking.sentence);
    }
}

TEST_CASE("a capability whose previous one does not know it is seen", "[check]") {
    FakeMachine machine;
    Slot stray;
    stray.cap = machine.cap(at::tcb);
    stray.set_previous(&machine.slot(at::tcb));
    CHECK(std::string(broken_slot(stray)) == "the previous capability knows this one as the next");
}

TEST_CASE("an endpoint or reply object that is not as its threads believe is seen", "[check]") {
    Everything world;
    Endpoint& queue = world.endpoint(world.queue);
    queue.become_receiving(world.waiter());
    CHECK(std::string(broken_endpoint(queue)) == "an endpoint queues only senders or only receivers");
    Reply& reply = world.reply(world.idle_reply);
    reply.thread = &world.ready();
    CHECK(std::string(broken_reply(reply)) == "a reply object and its thread know each other");
    Reply& below = world.reply(world.reply_cap);
    Reply& above = world.reply(world.inner_reply);
    REQUIRE(below.next() == &above);
    above.previous = &reply;
    CHECK(std::string(broken_reply(below)) == "the reply above in a stack knows the one below");
}
