// SPDX-License-Identifier: BSD-2-Clause
// What a thread may use, what happens when it is used up, and who is told.
#include <support/faulting.hpp>

#include <sched/time.hpp>

using namespace test;

namespace {

constexpr Word budget = 1000, period = 10'000;
constexpr Word context_badge = 0x5c;

/// The client on a context of 1 ms in 10 ms, above all others.
struct Budget : Faulting {
    Word context_cap = make(ObjectType::sched_context, 8);

    explicit Budget(Word its_budget = budget, Word flags = 0) {
        configure(its_budget, period, flags);
        REQUIRE(invoke(at::tcb, Method::tcb_set_priority, {100}, {at::tcb}).ok());
        REQUIRE(invoke(handler_cap, Method::tcb_set_priority, {200}, {at::tcb}).ok());
        REQUIRE(invoke(client_cap, Method::tcb_set_sched_params, {255, 250}, {at::tcb, free_slot(), badged}).ok());
        REQUIRE(invoke(context_cap, Method::sched_context_bind, {}, {client_cap}).ok());
    }
    void configure(Word its_budget, Word its_period, Word flags = 0, Word extra_refills = 0) {
        REQUIRE(invoke(at::sched_control, Method::sched_control_configure_flags,
                       {its_budget, its_period, extra_refills, context_badge, flags}, {context_cap})
                    .ok());
    }
    Word consumed() { return invoke(context_cap, Method::sched_context_consumed).words.at(0); }
    bool client_runs_again() { return runs_within_us(client, 2 * period); }
};

} // namespace

TEST_CASE("a budget used up is told to the timeout handler, with badge and time", "[sched][timeout]") {
    for (bool handler_first : {true, false}) {
        Budget world;
        world.handle_timeouts(world.badged);
        if (handler_first)
            world.handler_waits();
        world.run(world.client);
        world.advance_us(budget);
        world.fire_timer();
        const CallResult message = world.fault_message();
        CHECK(message.label == 5);
        CHECK(message.badge == handler_badge);
        CHECK(message.words == Words{context_badge, budget});
        CHECK_FALSE(world.is_running(world.client));
        // Being told resets what was counted.
        world.run(world.root());
        CHECK(world.consumed() == 0);
    }
}

TEST_CASE("a Timeout does not give its handler the context", "[sched][timeout]") {
    Budget world;
    world.handle_timeouts(world.badged);
    REQUIRE(world.invoke(world.handler_cap, Method::tcb_resume).ok());
    world.handler_waits();
    const Word own = world.make_context();
    REQUIRE(world.thread(world.handler_cap).sched_context != nullptr);
    world.run(world.client);
    world.advance_us(budget);
    world.fire_timer();
    CHECK(world.client.sched_context == &world.context(world.context_cap));
    CHECK(world.handler.sched_context != &world.context(world.context_cap));
    CHECK(own != 0);
}

TEST_CASE("a Timeout with a passive handler waits until the handler has time", "[sched][timeout]") {
    Budget world;
    const Word passive = world.make_thread(220, false);
    const Word lent = world.make_context();
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {passive}).ok());
    REQUIRE(world.invoke(passive, Method::tcb_resume).ok());
    world.run(world.thread(passive));
    world.receive(world.thread(passive), world.endpoint_cap, world.reply_cap);
    world.run(world.root());
    REQUIRE(world.invoke(lent, Method::sched_context_unbind).ok());
    world.handle_timeouts(world.badged);
    world.run(world.client);
    world.advance_us(budget);
    world.fire_timer();
    CHECK(world.thread(passive).state == ThreadState::runnable);
    CHECK(world.is_running(world.root()));
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {passive}).ok());
    CHECK(world.is_running(world.thread(passive)));
    CHECK(world.answer_of(world.thread(passive)).label == 5);
}

TEST_CASE("without a timeout handler a thread waits for its refill, which comes a period later", "[sched]") {
    Budget world;
    world.run(world.client);
    const Word start = world.now();
    world.client.context.rip = 0x40'7777;
    world.advance_us(budget);
    world.fire_timer();
    CHECK(world.is_running(world.root()));
    CHECK(world.client_runs_again());
    CHECK(world.now() == start + us(period));
    CHECK(world.client.context.rip == 0x40'7777);
}

TEST_CASE("a round-robin thread never times out", "[sched][timeout]") {
    Budget world(period);
    world.handle_timeouts(world.badged);
    world.handler_waits();
    world.run(world.client);
    for (int i = 0; i < 3; i++) {
        world.advance_us(period);
        world.fire_timer();
        CHECK(world.is_running(world.client));
    }
    CHECK(world.handler.state == ThreadState::receiving);
}

TEST_CASE("a kernel entry with less than 20 us left does nothing but end the budget", "[sched]") {
    for (bool by_exception : {false, true}) {
        Budget world;
        world.handler_waits();
        world.run(world.client);
        const Word start = world.now();
        world.advance_us(budget - 19);
        if (by_exception)
            world.exception(14, syscall_ip, 4, 0x1234'5000);
        else
            CHECK_FALSE(world.send(world.client, world.endpoint_cap, 3, {}, {}, Syscall::nb_send).completed);
        CHECK(world.handler.state == ThreadState::receiving);
        CHECK_FALSE(world.is_running(world.client));
        CHECK(world.client.state == ThreadState::runnable);
        REQUIRE(world.client_runs_again());
        // What was left, too little for an entry, is used first: so the joint piece may begin that much earlier.
        CHECK(world.now() == start + us(period - 19));
        CHECK(world.waits(world.client));
        if (by_exception) {
            world.exception(14, syscall_ip, 4, 0x1234'5000);
            CHECK(world.fault_message().label == 6);
        } else {
            CHECK(world.enter_again(world.client).completed);
            CHECK(world.fault_message().label == 3);
        }
    }
}

TEST_CASE("a kernel entry with 20 us left is carried out", "[sched]") {
    Budget world;
    world.handler_waits();
    world.run(world.client);
    world.advance_us(budget - 20);
    CHECK(world.send(world.client, world.endpoint_cap, 3, {}, {}, Syscall::nb_send).completed);
    CHECK(world.fault_message().label == 3);
}

TEST_CASE("the answer to a Timeout writes 19 registers; the thread goes on when it has budget", "[sched][timeout]") {
    Budget world;
    world.handle_timeouts(world.badged);
    world.handler_waits();
    world.run(world.client);
    world.advance_us(budget);
    world.fire_timer();
    REQUIRE(world.is_running(world.handler));
    Words registers;
    for (Word i = 0; i < 19; i++)
        registers.push_back(0x8000 + i);
    registers[2] = 0xfff;
    registers[18] = Word{1} << 63;
    SECTION("all of them") {
        world.answer_fault(0, registers);
        const Context& now = world.client.context;
        CHECK(now.rip == 0x8000);
        CHECK(now.rsp == 0x8001);
        CHECK(now.rflags == 0xed7);
        CHECK(Words{now.rax, now.rbx, now.rcx, now.rdx, now.rsi, now.rdi, now.rbp, now.r8, now.r9, now.r10, now.r11,
                    now.r12, now.r13, now.r14, now.r15} == Words{0x8003, 0x8004, 0x8005, 0x8006, 0x8007, 0x8008, 0x8009,
                                                                 0x800a, 0x800b, 0x800c, 0x800d, 0x800e, 0x800f, 0x8010,
                                                                 0x8011});
        CHECK(now.fs_base == 0);
        CHECK_FALSE(world.is_running(world.client));
        CHECK(world.runs_within_us(world.client, period));
    }
    SECTION("with a label it stays stopped") {
        world.answer_fault(1, {0x8000});
        CHECK(world.client.state == ThreadState::stopped);
        CHECK(world.client.context.rip == 0x8000);
    }
    SECTION("the handler may give it time first") {
        const Word more = world.make_context();
        world.run(world.root());
        REQUIRE(world.invoke(world.context_cap, Method::sched_context_unbind).ok());
        REQUIRE(world.invoke(more, Method::sched_context_bind, {}, {world.client_cap}).error() == Error::none);
        world.run(world.handler);
        world.answer_fault(0);
        CHECK(world.is_running(world.client));
    }
}

TEST_CASE("a Timeout whose context has gone meanwhile tells no time", "[sched][timeout]") {
    Budget world;
    world.handle_timeouts(world.badged);
    world.run(world.client);
    world.advance_us(budget);
    world.fire_timer();
    REQUIRE(world.client.state == ThreadState::sending);
    world.run(world.root());
    REQUIRE(world.invoke(world.context_cap, Method::sched_context_unbind).ok());
    CHECK(world.fault_message().words == Words{context_badge, 0});
}

TEST_CASE("a caller answered with its context empty raises its own Timeout, or waits for the refill", "[sched]") {
    for (bool has_handler : {true, false}) {
        Budget world;
        const Word service = world.make(ObjectType::endpoint);
        const Word server = world.make_thread(240, false);
        const Word starter = world.make_context();
        REQUIRE(world.invoke(starter, Method::sched_context_bind, {}, {server}).ok());
        REQUIRE(world.invoke(server, Method::tcb_resume).ok());
        REQUIRE(world.is_running(world.thread(server)));
        const Word reply = world.make(ObjectType::reply);
        world.receive(world.thread(server), service, reply);
        world.run(world.root());
        REQUIRE(world.invoke(starter, Method::sched_context_unbind).ok());
        if (has_handler)
            world.handle_timeouts(world.badged);
        world.handler_waits();
        world.run(world.client);
        world.call(world.client, service, 1);
        REQUIRE(world.is_running(world.thread(server)));
        // The server uses up what it was lent; another thread answers in its place.
        world.advance_us(budget);
        world.fire_timer();
        REQUIRE(world.is_running(world.root()));
        REQUIRE(world.send(world.root(), reply, 0, {42}).completed);
        CHECK(world.client.sched_context == &world.context(world.context_cap));
        if (has_handler) {
            CHECK(world.fault_message().label == 5);
            CHECK(world.client.state == ThreadState::awaiting_reply);
        } else {
            CHECK(world.handler.state == ThreadState::receiving);
            CHECK(world.runs_within_us(world.client, period));
            CHECK(world.answer_of(world.client).words == Words{42});
        }
    }
}

TEST_CASE("a caller that is answered with budget left raises no Timeout", "[sched][timeout]") {
    Budget world;
    world.handle_timeouts(world.badged);
    world.handler_waits();
    world.run(world.client);
    const Word service = world.make(ObjectType::endpoint), reply = world.make(ObjectType::reply);
    world.run(world.client);
    world.call(world.client, service, 1);
    world.run(world.root());
    REQUIRE(world.receive(world.root(), service, reply).completed);
    REQUIRE(world.send(world.root(), reply, 0, {42}).completed);
    CHECK(world.client_goes_on());
    CHECK(world.answer_of(world.client).words == Words{42});
    CHECK(world.handler.state == ThreadState::receiving);
}

TEST_CASE("Yield gives up the rest of the refill, which does not count as consumed", "[sched]") {
    Budget world;
    world.run(world.client);
    const Word start = world.now();
    world.advance_us(300);
    CHECK(world.enter(world.client, Syscall::yield, 0).completed);
    CHECK(world.is_running(world.root()));
    CHECK(world.consumed() == 300);
    CHECK(world.consumed() == 0);
    CHECK(world.client_runs_again());
    CHECK(world.now() == start + us(period));
}

TEST_CASE("Consumed counts the running entry, too", "[sched]") {
    Budget world;
    world.run(world.client);
    world.advance_us(123);
    CHECK(world.invoke(world.client, world.context_cap, Method::sched_context_consumed).words == Words{123});
    world.advance_us(7);
    CHECK(world.invoke(world.client, world.context_cap, Method::sched_context_consumed).words == Words{7});
}

TEST_CASE("a sporadic context counts its period from the wake-up, others from the switch", "[sched]") {
    for (Word sporadic : {0, 1}) {
        Budget world(budget, sporadic);
        const Word bell = world.make(ObjectType::notification);
        REQUIRE(world.invoke(world.client_cap, Method::tcb_set_priority, {150}, {at::tcb}).ok());
        world.run(world.client);
        world.receive(world.client, bell, 0, Syscall::wait);
        world.run(world.handler);
        world.advance_us(3 * period);
        world.fire_timer();
        REQUIRE(world.is_running(world.handler));
        const Word woken = world.now();
        REQUIRE(world.send(world.handler, bell, 0).completed);
        // The handler, above the client, keeps the processor for a while.
        world.advance_us(2000);
        const Word switched = world.now();
        world.receive(world.handler, world.endpoint_cap, world.reply_cap);
        REQUIRE(world.is_running(world.client));
        world.advance_us(budget);
        world.fire_timer();
        REQUIRE(world.is_running(world.root()));
        REQUIRE(world.client_runs_again());
        CHECK(world.now() == (sporadic ? woken : switched) + us(period));
    }
}

TEST_CASE("pieces of budget beyond the number of refills are merged later, never earlier", "[sched]") {
    Budget world;
    const Word start = world.now();
    world.run(world.client);
    // Three short runs, each with a pause: more pieces than the two refills hold.
    const Word bell = world.make(ObjectType::notification);
    for (int i = 0; i < 3; i++) {
        world.advance_us(200);
        world.receive(world.client, bell, 0, Syscall::wait);
        world.advance_us(500);
        REQUIRE(world.is_running(world.root()));
        REQUIRE(world.send(world.root(), bell, 0).completed);
        REQUIRE(world.is_running(world.client));
    }
    world.advance_us(400);
    world.fire_timer();
    REQUIRE(world.is_running(world.root()));
    CHECK(world.client_runs_again());
    CHECK(world.now() >= start + us(period));
    world.check_invariants();
}

TEST_CASE("a Timeout is received by a passive handler on its own time", "[sched][timeout]") {
    Budget world;
    world.handle_timeouts(world.badged);
    // The handler loses its context while it is busy, and answers a caller whose context it has.
    const Word caller_cap = world.make_thread(230);
    Tcb& caller = world.thread(caller_cap);
    world.handler_waits();
    world.run(world.root());
    SchedContext& own = *world.handler.sched_context;
    for (Word index = at::first_free; index < bit(root_radix); index++) {
        if (world.cap(index).is(CapType::sched_context) && &world.context(index) == &own)
            REQUIRE(world.invoke(index, Method::sched_context_unbind).ok());
    }
    world.run(caller);
    world.call(caller, world.endpoint_cap, 1);
    REQUIRE(world.is_running(world.handler));
    world.run(world.client);
    world.advance_us(budget);
    world.fire_timer();
    REQUIRE(world.client.state == ThreadState::sending);
    world.run(world.handler);
    world.reply_receive(world.handler, world.endpoint_cap, world.reply_cap, 2);
    CHECK(world.answer_of(world.handler).label == 5);
    CHECK(world.handler.sched_context == nullptr);
    CHECK(world.client.sched_context == &world.context(world.context_cap));
}
