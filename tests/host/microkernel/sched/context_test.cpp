// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts: what may be configured and bound, and what becomes of those who run on them.
#include <support/ipc_pair.hpp>

using namespace test;

namespace {

constexpr Word most_us = ~Word{0} / tsc_mhz / 8;

struct Contexts : FakeMachine {
    Word context_cap = make(ObjectType::sched_context, 8);
    Word thread_cap = make_thread(100, false);
    Word bell = make(ObjectType::notification);

    CallResult configure(Word budget, Word period, Word extra = 0, Word flags = 0, Word which = 0) {
        return invoke(at::sched_control, Method::sched_control_configure_flags, {budget, period, extra, 0x5c, flags},
                      {which ? which : context_cap});
    }
    CallResult bind(Word what) { return invoke(context_cap, Method::sched_context_bind, {}, {what}); }
    CallResult unbind_object(Word what) { return invoke(context_cap, Method::sched_context_unbind_object, {}, {what}); }
    /// The thread waits on a notification that nobody signals.
    void block_thread() {
        const Word borrowed = make_context();
        REQUIRE(invoke(borrowed, Method::sched_context_bind, {}, {thread_cap}).ok());
        run(thread(thread_cap));
        receive(thread(thread_cap), make(ObjectType::notification), 0, Syscall::wait);
        run(root());
        REQUIRE(invoke(borrowed, Method::sched_context_unbind).ok());
    }
};

} // namespace

TEST_CASE("ConfigureFlags refuses by its errors, in their order", "[context]") {
    Contexts world;
    CHECK(world.invoke(at::sched_control, Method::sched_control_configure_flags, {1, 1, 1, 1}, {world.context_cap}) ==
          Error::truncated_message);
    CHECK(world.configure(most_us + 1, most_us).is(Error::range_error, {20, most_us}));
    CHECK(world.configure(20, most_us + 1).is(Error::range_error, {20, most_us}));
    CHECK(world.configure(19, 100).is(Error::range_error, {20, most_us}));
    CHECK(world.configure(20, 19).is(Error::range_error, {20, most_us}));
    CHECK(world.configure(101, 100, 0, 0, at::tcb).is(Error::range_error, {20, 100}));
    CHECK(world.configure(20, 100, 99, 0, at::tcb).is(Error::invalid_capability, {1}));
    // 256 bytes: two refills and one for each 16 bytes above 128.
    CHECK(world.configure(20, 100, 9).is(Error::range_error, {0, 8}));
    CHECK(world.configure(20, 100, 8).ok());
    CHECK(world.configure(most_us, most_us).ok());
    const Word least = world.make(ObjectType::sched_context, 7);
    CHECK(world.configure(20, 100, 1, 0, least).is(Error::range_error, {0, 0}));
    CHECK(world.configure(20, 100, 0, 0, least).ok());
    CHECK(world.invoke(at::sched_control, Method::sched_context_consumed) == Error::illegal_operation);
}

TEST_CASE("Bind refuses by its errors", "[context]") {
    Contexts world;
    REQUIRE(world.configure(1000, 10'000).ok());
    CHECK(world.invoke(world.context_cap, Method::sched_context_bind) == Error::truncated_message);
    CHECK(world.bind(at::cnode).is(Error::invalid_capability, {1}));
    CHECK(world.bind(world.free_slot()).is(Error::invalid_capability, {1}));
    REQUIRE(world.bind(world.thread_cap).ok());
    CHECK(world.bind(world.thread_cap) == Error::illegal_operation);
    CHECK(world.bind(at::tcb) == Error::illegal_operation);
    CHECK(world.bind(world.make_thread(100, false)) == Error::illegal_operation);
    const Word other = world.make_context();
    CHECK(world.invoke(other, Method::sched_context_bind, {}, {world.thread_cap}) == Error::illegal_operation);
    REQUIRE(world.bind(world.bell).ok());
    CHECK(world.bind(world.make(ObjectType::notification)) == Error::illegal_operation);
    CHECK(world.invoke(other, Method::sched_context_bind, {}, {world.bell}) == Error::illegal_operation);
}

TEST_CASE("a blocked thread takes a context only if there is budget in it", "[context]") {
    Contexts world;
    world.block_thread();
    CHECK(world.bind(world.thread_cap) == Error::illegal_operation);
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_sched_params, {1, 1},
                       {at::tcb, world.context_cap, world.free_slot()}) == Error::illegal_operation);
    REQUIRE(world.configure(1000, 10'000).ok());
    CHECK(world.bind(world.thread_cap).ok());
}

TEST_CASE("SetSchedParams refuses a blocked thread its own context, too, while there is no budget in it", "[context]") {
    Contexts world;
    REQUIRE(world.configure(1000, 10'000).ok());
    REQUIRE(world.bind(world.thread_cap).ok());
    const Word handler = world.make(ObjectType::endpoint);
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_set_timeout_endpoint, {}, {handler}).ok());
    const auto set_priority = [&] {
        return world.invoke(world.thread_cap, Method::tcb_set_sched_params, {1, 1},
                            {at::tcb, world.context_cap, world.free_slot()});
    };
    Tcb& thread = world.thread(world.thread_cap);
    world.run(thread);
    world.advance_us(1000);
    world.fire_timer();
    REQUIRE(thread.state == ThreadState::sending);
    CHECK(set_priority() == Error::illegal_operation);
    world.run_for_us(9'000);
    CHECK(set_priority().ok());
}

TEST_CASE("an unconfigured context may be bound to a thread that is not blocked", "[context]") {
    Contexts world;
    CHECK(world.bind(world.thread_cap).ok());
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_resume).ok());
    REQUIRE(world.configure(1000, 10'000).ok());
    world.receive(world.root(), world.bell, 0, Syscall::wait);
    CHECK(world.is_running(world.thread(world.thread_cap)));
}

TEST_CASE("UnbindObject and Unbind refuse by their errors", "[context]") {
    Contexts world;
    REQUIRE(world.configure(1000, 10'000).ok());
    CHECK(world.invoke(world.context_cap, Method::sched_context_unbind_object) == Error::truncated_message);
    CHECK(world.unbind_object(at::cnode).is(Error::invalid_capability, {1}));
    CHECK(world.unbind_object(world.thread_cap) == Error::illegal_operation);
    CHECK(world.unbind_object(world.bell) == Error::illegal_operation);
    CHECK(world.invoke(at::sched_context, Method::sched_context_unbind) == Error::illegal_operation);
    CHECK(world.invoke(at::sched_context, Method::sched_context_unbind_object, {}, {at::tcb}) ==
          Error::illegal_operation);
    REQUIRE(world.bind(world.thread_cap).ok());
    REQUIRE(world.bind(world.bell).ok());
    CHECK(world.unbind_object(world.thread_cap).ok());
    CHECK(world.unbind_object(world.bell).ok());
    REQUIRE(world.bind(world.thread_cap).ok());
    REQUIRE(world.bind(world.bell).ok());
    CHECK(world.invoke(world.context_cap, Method::sched_context_unbind).ok());
    CHECK(world.unbind_object(world.thread_cap) == Error::illegal_operation);
    CHECK(world.unbind_object(world.bell) == Error::illegal_operation);
    CHECK(world.invoke(world.context_cap, static_cast<Method>(60)) == Error::illegal_operation);
}

TEST_CASE("a thread that loses its context stops running until it has one again", "[context]") {
    Contexts world;
    REQUIRE(world.configure(1000, 10'000).ok());
    REQUIRE(world.bind(world.thread_cap).ok());
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_resume).ok());
    SECTION("ready") {
        REQUIRE(world.thread(world.thread_cap).in_ready_queue);
        SECTION("unbound") { REQUIRE(world.invoke(world.context_cap, Method::sched_context_unbind).ok()); }
        SECTION("deleted") { REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.context_cap, 64}).ok()); }
    }
    SECTION("waiting for its refill") {
        world.run(world.thread(world.thread_cap));
        world.advance_us(1000);
        world.fire_timer();
        REQUIRE(world.is_running(world.root()));
        SECTION("unbound") { REQUIRE(world.invoke(world.context_cap, Method::sched_context_unbind).ok()); }
        SECTION("deleted") { REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.context_cap, 64}).ok()); }
    }
    world.receive(world.root(), world.bell, 0, Syscall::wait);
    world.run_for_us(30'000);
    CHECK(world.running() == nullptr);
    CHECK(world.thread(world.thread_cap).state == ThreadState::runnable);
}

TEST_CASE("the running thread's context may go: it pays, and the thread stops running", "[context]") {
    Contexts world;
    REQUIRE(world.configure(1000, 10'000).ok());
    REQUIRE(world.bind(world.thread_cap).ok());
    world.run(world.thread(world.thread_cap));
    world.advance_us(100);
    world.invoke(world.thread(world.thread_cap), at::cnode, Method::cnode_delete, {world.context_cap, 64});
    CHECK(world.is_running(world.root()));
    CHECK(world.thread(world.thread_cap).sched_context == nullptr);
    CHECK(world.answer_of(world.thread(world.thread_cap)).ok());
}

TEST_CASE("Unbind and deletion leave a lent context's callers without it", "[context][donation]") {
    for (bool deleted : {true, false}) {
        Pair pair;
        const Word context = pair.make_context();
        const Word client_cap = pair.make_thread(255, false);
        Tcb& client = pair.thread(client_cap);
        REQUIRE(pair.invoke(context, Method::sched_context_bind, {}, {client_cap}).ok());
        const Word server_cap = pair.make_thread(255, false);
        Tcb& server = pair.thread(server_cap);
        const Word start = pair.make_context();
        REQUIRE(pair.invoke(start, Method::sched_context_bind, {}, {server_cap}).ok());
        pair.run(server);
        pair.receive(server, pair.endpoint_cap, pair.reply_cap);
        pair.run(pair.root());
        REQUIRE(pair.invoke(start, Method::sched_context_unbind).ok());
        pair.run(client);
        pair.call(client, pair.endpoint_cap, 1);
        REQUIRE(pair.is_running(server));
        pair.run(pair.root());
        if (deleted)
            REQUIRE(pair.invoke(at::cnode, Method::cnode_delete, {context, 64}).ok());
        else
            REQUIRE(pair.invoke(context, Method::sched_context_unbind).ok());
        CHECK(server.sched_context == nullptr);
        REQUIRE(pair.invoke(start, Method::sched_context_bind, {}, {server_cap}).ok());
        pair.run(server);
        REQUIRE(pair.send(server, pair.reply_cap, 4).completed);
        CHECK(pair.answer_of(client).label == 4);
        CHECK(client.sched_context == nullptr);
        CHECK(server.sched_context == &pair.context(start));
    }
}

TEST_CASE("new parameters: what was used counts while the thread is runnable, else the full budget is there",
          "[context]") {
    Contexts world;
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
    REQUIRE(world.configure(1000, 10'000).ok());
    REQUIRE(world.bind(world.thread_cap).ok());
    Tcb& thread = world.thread(world.thread_cap);
    world.run(thread);
    const Word start = world.now();
    world.advance_us(600);
    SECTION("runnable: a smaller budget is what is left, the rest comes a period later") {
        world.run(world.root());
        REQUIRE(world.configure(500, 5'000).ok());
        world.run(thread);
        world.advance_us(400);
        world.fire_timer();
        CHECK_FALSE(world.is_running(thread));
        REQUIRE(world.runs_within_us(thread, 10'000));
        CHECK(world.now() >= start + us(5'000));
    }
    SECTION("runnable: a smaller budget than what is left is there whole") {
        world.run(world.root());
        REQUIRE(world.configure(300, 5'000).ok());
        world.run(thread);
        world.advance_us(280);
        CHECK(world.enter(thread, Syscall::set_tls_base, 0).completed);
    }
    SECTION("round robin until now: what was used comes back a period after it was used") {
        world.run(world.root());
        REQUIRE(world.configure(5'000, 5'000).ok());
        world.run(thread);
        world.advance_us(4'000);
        world.run(world.root());
        const Word used = world.now();
        REQUIRE(world.configure(3'000, 4'000).ok());
        world.run(thread);
        world.advance_us(1'000);
        world.fire_timer();
        CHECK_FALSE(world.is_running(thread));
        REQUIRE(world.runs_within_us(thread, 10'000));
        CHECK(world.now() >= used + us(4'000));
    }
    SECTION("by the running thread itself") {
        REQUIRE(world
                    .invoke(thread, at::sched_control, Method::sched_control_configure_flags, {700, 5'000, 0, 0x5c, 0},
                            {world.context_cap})
                    .ok());
        world.advance_us(380);
        CHECK(world.enter(thread, Syscall::set_tls_base, 0).completed);
        world.advance_us(20);
        world.fire_timer();
        CHECK_FALSE(world.is_running(thread));
    }
    SECTION("blocked: all of it is there at once") {
        world.receive(thread, world.bell, 0, Syscall::wait);
        REQUIRE(world.configure(900, 10'000).ok());
        REQUIRE(world.send(world.root(), world.bell, 0).completed);
        REQUIRE(world.is_running(thread));
        world.advance_us(880);
        CHECK(world.enter(thread, Syscall::set_tls_base, 0).completed);
    }
    SECTION("out of budget: it waits as long as it would have") {
        world.advance_us(400);
        world.fire_timer();
        REQUIRE(world.is_running(world.root()));
        REQUIRE(world.configure(1000, 1000).ok());
        CHECK_FALSE(world.is_running(thread));
        REQUIRE(world.runs_within_us(thread, 10'000));
        CHECK(world.now() == start + us(10'000));
    }
}

TEST_CASE("SetSchedParams exchanges priorities, context and handler at once", "[context]") {
    Contexts world;
    REQUIRE(world.configure(1000, 10'000).ok());
    const Word nothing = world.free_slot();
    const auto set = [&](Word mcp, Word priority, Words caps) {
        return world.invoke(world.thread_cap, Method::tcb_set_sched_params, {mcp, priority}, caps);
    };
    const Word endpoint = world.make(ObjectType::endpoint);
    const Word read_only = world.mint(endpoint, Rights::read());
    CHECK(set(1, 1, {at::cnode, nothing, nothing}).is(Error::invalid_capability, {1}));
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_mc_priority, {200}, {at::tcb}).ok());
    CHECK(set(201, 202, {at::tcb, nothing, nothing}).is(Error::range_error, {0, 200}));
    CHECK(set(200, 202, {at::tcb, nothing, nothing}).is(Error::range_error, {0, 200}));
    CHECK(set(1, 1, {at::tcb, at::cnode, nothing}).is(Error::invalid_capability, {2}));
    CHECK(set(1, 1, {at::tcb, at::sched_context, nothing}) == Error::illegal_operation);
    CHECK(set(1, 1, {at::tcb, nothing, read_only}).is(Error::invalid_capability, {3}));
    CHECK(world.invoke(at::tcb, Method::tcb_set_sched_params, {1, 1}, {at::tcb, nothing, nothing}) ==
          Error::illegal_operation);
    // The thread's own limit does not limit its priority.
    CHECK(set(5, 150, {at::tcb, world.context_cap, endpoint}).ok());
    CHECK(world.thread(world.thread_cap).priority == 150);
    CHECK(world.thread(world.thread_cap).mcp == 5);
    CHECK(world.unbind_object(world.thread_cap).ok());
    CHECK(set(5, 150, {at::tcb, world.context_cap, endpoint}).ok());
    CHECK(set(5, 150, {at::tcb, world.context_cap, endpoint}).ok());
    const Word other = world.make_context();
    CHECK(set(5, 150, {at::tcb, other, nothing}) == Error::illegal_operation);
    CHECK(set(5, 150, {at::tcb, nothing, nothing}).ok());
    CHECK(world.thread(world.thread_cap).sched_context == nullptr);
    CHECK(world.thread(world.thread_cap).cap(TcbSlot::fault_handler).is_null());
    CHECK(set(5, 150, {at::tcb, other, nothing}).ok());
}

TEST_CASE("the domain calls check everything and change nothing", "[context]") {
    Contexts world;
    CHECK(world.invoke(at::domain_set, Method::domain_set_set, {1}, {at::cnode}).is(Error::invalid_argument, {0}));
    CHECK(world.invoke(at::domain_set, Method::domain_set_set, {0}, {at::cnode}).is(Error::invalid_argument, {1}));
    CHECK(world.invoke(at::domain_set, Method::domain_set_set, {0}, {world.thread_cap}).ok());
    const auto entry = [&](Word index, Word domain, Word duration) {
        return world.invoke(at::domain_set, Method::domain_set_schedule_configure, {index, domain, duration});
    };
    CHECK(entry(1, 0, 0).is(Error::range_error, {0, 0}));
    CHECK(entry(0, 1, 0).is(Error::range_error, {0, 0}));
    CHECK(entry(0, 0, 0).is(Error::invalid_argument, {2}));
    CHECK(entry(0, 0, bit(56)).is(Error::invalid_argument, {2}));
    CHECK(entry(0, 0, bit(56) - 1).ok());
    const auto start = [&](Word index) {
        return world.invoke(at::domain_set, Method::domain_set_schedule_set_start, {index});
    };
    CHECK(start(2).is(Error::range_error, {0, 1}));
    CHECK(start(1).is(Error::invalid_argument, {0}));
    CHECK(start(0).ok());
    CHECK(world.invoke(at::domain_set, Method::cnode_copy) == Error::illegal_operation);
    CHECK(world.invoke(at::domain_set, Method::domain_set_set, {0}) == Error::truncated_message);
    CHECK(world.invoke(at::domain_set, Method::domain_set_schedule_configure, {0, 0}) == Error::truncated_message);
    CHECK(world.invoke(at::domain_set, Method::domain_set_schedule_set_start) == Error::truncated_message);
}

TEST_CASE("a runnable thread bound to a context runs when that has budget", "[context]") {
    for (Word sporadic : {0, 1}) {
        Contexts world;
        REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
        REQUIRE(world.configure(1000, 10'000, 0, sporadic).ok());
        REQUIRE(world.bind(world.thread_cap).ok());
        REQUIRE(world.invoke(world.thread_cap, Method::tcb_resume).ok());
        Tcb& thread = world.thread(world.thread_cap);
        REQUIRE(world.is_running(thread));
        world.advance_us(1000);
        world.fire_timer();
        REQUIRE(world.is_running(world.root()));
        // Another thread gets the context that is used up: it waits for the refill in its place.
        REQUIRE(world.invoke(world.context_cap, Method::sched_context_unbind).ok());
        const Word other = world.make_thread(100, false);
        REQUIRE(world.invoke(other, Method::tcb_resume).ok());
        REQUIRE(world.bind(other).ok());
        CHECK(world.is_running(world.root()));
        REQUIRE(world.runs_within_us(world.thread(other), 10'000));
        // And one that has budget: at once.
        world.run(world.root());
        REQUIRE(world.invoke(world.context_cap, Method::sched_context_unbind).ok());
        world.advance_us(30'000);
        world.fire_timer();
        REQUIRE(world.bind(world.thread_cap).ok());
        CHECK(world.is_running(thread));
    }
}

TEST_CASE("a hundred refills that are due at once are merged, a few at a time", "[context]") {
    Contexts world;
    const Word large = world.make(ObjectType::sched_context, 12);
    REQUIRE(world.configure(10'000, 100'000, 200, 0, large).ok());
    REQUIRE(world.invoke(large, Method::sched_context_bind, {}, {world.thread_cap}).ok());
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
    Tcb& thread = world.thread(world.thread_cap);
    world.run(thread);
    for (int i = 0; i < 150; i++) {
        world.advance_us(30);
        world.receive(thread, world.bell, 0, Syscall::wait);
        REQUIRE(world.is_running(world.root()));
        world.advance_us(30);
        REQUIRE(world.send(world.root(), world.bell, 0).completed);
        REQUIRE(world.is_running(thread));
    }
    world.receive(thread, world.bell, 0, Syscall::wait);
    world.advance_us(300'000);
    world.fire_timer();
    REQUIRE(world.send(world.root(), world.bell, 0).completed);
    for (int i = 0; i < 10 && !world.is_running(thread); i++)
        world.fire_timer();
    REQUIRE(world.is_running(thread));
    // All of it is there: ten milliseconds, less what an entry needs.
    for (int i = 0; i < 9; i++) {
        world.advance_us(1000);
        world.interrupt(x86::vector::timer);
        REQUIRE(world.is_running(thread));
    }
    world.advance_us(1000);
    const Word end = world.now();
    for (int i = 0; i < 3 && world.is_running(thread); i++)
        world.fire_timer();
    CHECK_FALSE(world.is_running(thread));
    CHECK(world.now() == end);
}
