// SPDX-License-Identifier: BSD-2-Clause
// SchedContext.YieldTo: who runs, and when the caller hears what was consumed.
#include <support/scheduling.hpp>

using namespace test;

namespace {

struct Yielding : Scheduling {
    Word caller_cap = make_thread(100);
    Word target_cap = make_thread(100, false);
    Word context_cap = make_context();
    Tcb& caller = thread(caller_cap);
    Tcb& target = thread(target_cap);

    Yielding() {
        REQUIRE(invoke(at::tcb, Method::tcb_set_priority, {10}, {at::tcb}).ok());
        REQUIRE(invoke(context_cap, Method::sched_context_bind, {}, {target_cap}).ok());
        REQUIRE(invoke(target_cap, Method::tcb_resume).ok());
        run(caller);
    }
    CallResult yield(Syscall number = Syscall::call) {
        return send(caller, context_cap, static_cast<Word>(Method::sched_context_yield_to), {}, {}, number);
    }
    /// The root does this while the target runs.
    CallResult root_invokes(Word pointer, Method method, const Words& words = {}, const Words& caps = {}) {
        run(root());
        return invoke(pointer, method, words, caps);
    }
};

} // namespace

TEST_CASE("YieldTo has an equal run first, and tells what it consumed when the caller runs again", "[yield]") {
    Yielding world;
    CHECK_FALSE(world.yield().completed);
    REQUIRE(world.is_running(world.target));
    world.advance_us(250);
    world.receive(world.target, world.make(ObjectType::notification), 0, Syscall::wait);
    REQUIRE(world.is_running(world.caller));
    const CallResult answer = world.answer_of(world.caller);
    CHECK(answer.is(Error::none, {250}));
    CHECK(answer.badge == 0);
}

TEST_CASE("YieldTo to a higher priority within the caller's MCP works; above it is refused", "[yield]") {
    Yielding world;
    REQUIRE(world.root_invokes(world.target_cap, Method::tcb_set_priority, {110}, {at::tcb}).ok());
    REQUIRE(world.root_invokes(world.caller_cap, Method::tcb_set_mc_priority, {109}, {at::tcb}).ok());
    world.run(world.caller);
    CHECK(world.yield() == Error::illegal_operation);
    REQUIRE(world.root_invokes(world.caller_cap, Method::tcb_set_mc_priority, {110}, {at::tcb}).ok());
    world.run(world.caller);
    CHECK_FALSE(world.yield().completed);
    CHECK(world.is_running(world.target));
}

TEST_CASE("YieldTo refuses a context without thread, and oneself", "[yield]") {
    Yielding world;
    SECTION("no thread") {
        REQUIRE(world.root_invokes(world.context_cap, Method::sched_context_unbind).ok());
        world.run(world.caller);
        CHECK(world.yield() == Error::illegal_operation);
    }
    SECTION("oneself") {
        world.run(world.target);
        CHECK(world.invoke(world.target, world.context_cap, Method::sched_context_yield_to) ==
              Error::illegal_operation);
    }
}

TEST_CASE("YieldTo returns at once if the other cannot run", "[yield]") {
    Yielding world;
    SECTION("suspended") { REQUIRE(world.root_invokes(world.target_cap, Method::tcb_suspend).ok()); }
    SECTION("out of budget") {
        REQUIRE(world
                    .root_invokes(at::sched_control, Method::sched_control_configure_flags, {100, 10'000, 0, 0, 0},
                                  {world.context_cap})
                    .ok());
        world.run(world.target);
        world.advance_us(100);
        world.fire_timer();
    }
    world.run(world.caller);
    CHECK(world.yield().completed);
    CHECK(world.is_running(world.caller));
}

TEST_CASE("YieldTo a lower priority returns at once, the other at the head of its queue", "[yield]") {
    Yielding world;
    const Sleeper first = world.sleeper(50);
    world.run(world.root());
    REQUIRE(world.invoke(world.target_cap, Method::tcb_set_priority, {50}, {at::tcb}).ok());
    world.run(world.caller);
    world.ring(first);
    CHECK(world.yield().is(Error::none, {0}));
    CHECK(world.is_running(world.caller));
    world.receive(world.caller, world.make(ObjectType::notification), 0, Syscall::wait);
    CHECK(world.is_running(world.target));
}

TEST_CASE("by Send nothing is answered, and the other runs all the same", "[yield]") {
    Yielding world;
    world.caller.context.r10 = 0x1234;
    world.yield(Syscall::send);
    REQUIRE(world.is_running(world.target));
    world.receive(world.target, world.make(ObjectType::notification), 0, Syscall::wait);
    REQUIRE(world.is_running(world.caller));
    CHECK(world.caller.context.r10 == 0x1234);
    CHECK(world.caller.context.rip == syscall_ip + 2);
}

TEST_CASE("the caller of YieldTo is answered when the context or its thread goes", "[yield]") {
    Yielding world;
    REQUIRE_FALSE(world.yield().completed);
    world.advance_us(40);
    SECTION("context unbound") { REQUIRE(world.root_invokes(world.context_cap, Method::sched_context_unbind).ok()); }
    SECTION("thread unbound from it") {
        REQUIRE(
            world.root_invokes(world.context_cap, Method::sched_context_unbind_object, {}, {world.target_cap}).ok());
    }
    SECTION("context deleted") {
        REQUIRE(world.root_invokes(at::cnode, Method::cnode_delete, {world.context_cap, 64}).ok());
    }
    SECTION("thread deleted") {
        REQUIRE(world.root_invokes(at::cnode, Method::cnode_delete, {world.target_cap, 64}).ok());
    }
    SECTION("somebody else yields to it") {
        const Word third = world.make_thread(100);
        world.run(world.thread(third));
        world.invoke(world.thread(third), world.context_cap, Method::sched_context_yield_to);
    }
    CHECK(world.answer_of(world.caller).is(Error::none, {40}));
}

TEST_CASE("a caller that is suspended in YieldTo, or written to, is not answered any more", "[yield]") {
    Yielding world;
    REQUIRE_FALSE(world.yield().completed);
    SECTION("suspended and resumed it yields again") {
        REQUIRE(world.root_invokes(world.caller_cap, Method::tcb_suspend).ok());
        CHECK(world.waits(world.caller));
        REQUIRE(world.invoke(world.context_cap, Method::sched_context_unbind).ok());
        CHECK(world.waits(world.caller));
    }
    SECTION("its registers written, these stay as written") {
        REQUIRE(world.root_invokes(world.caller_cap, Method::tcb_write_registers, {0, 1, 0x40'9000}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.target_cap, 64}).ok());
        CHECK(world.caller.context.rip == 0x40'9000);
    }
    SECTION("its registers copied over") {
        REQUIRE(world.root_invokes(world.caller_cap, Method::tcb_copy_registers, {4}, {at::tcb}).ok());
        const Word ip = world.caller.context.rip;
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.target_cap, 64}).ok());
        CHECK(world.caller.context.rip == ip);
    }
}
