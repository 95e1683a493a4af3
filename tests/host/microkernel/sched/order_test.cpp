// SPDX-License-Identifier: BSD-2-Clause
// Which thread runs next: by priority, and among equals by what made them runnable.
#include <support/scheduling.hpp>

using namespace test;

TEST_CASE("a woken thread of higher priority runs at once, the one that woke it right after", "[sched]") {
    Scheduling world;
    const Sleeper waker = world.sleeper(50);
    const Sleeper equal = world.sleeper(50);
    const Sleeper high = world.sleeper(100);
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {10}, {at::tcb}).ok());
    world.ring(waker);
    REQUIRE(world.runs(waker));
    world.ring(equal);
    world.ring(high);
    CHECK(world.runs(high));
    CHECK(world.turns(world.root()) == Words{high.tcb, waker.tcb, equal.tcb});
}

TEST_CASE("a woken equal goes to the tail, a woken lower thread to the head of its priority", "[sched]") {
    Scheduling world;
    const Sleeper waker = world.sleeper(50);
    const Sleeper second = world.sleeper(50);
    const Sleeper third = world.sleeper(50);
    const Sleeper low_first = world.sleeper(20);
    const Sleeper low_second = world.sleeper(20);
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {10}, {at::tcb}).ok());
    world.ring(waker);
    REQUIRE(world.runs(waker));
    world.ring(second);
    world.ring(third);
    world.ring(low_first);
    world.ring(low_second);
    CHECK(world.runs(waker));
    CHECK(world.turns(world.root()) == Words{waker.tcb, second.tcb, third.tcb, low_second.tcb, low_first.tcb});
}

TEST_CASE("if the running thread blocks the one that it woke runs next, unless somebody is above it", "[sched]") {
    Scheduling world;
    const Word endpoint = world.make(ObjectType::endpoint);
    const Word reply = world.make(ObjectType::reply);
    const Sleeper before = world.sleeper(50);
    const Word server = world.make_thread(50);
    world.run(world.thread(server));
    world.receive(world.thread(server), endpoint, reply);
    const Sleeper client = world.sleeper(60);
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {10}, {at::tcb}).ok());
    world.ring(client);
    REQUIRE(world.runs(client));
    world.ring(before);
    SECTION("nobody is above") {
        world.call(world.thread(client.tcb), endpoint, 1);
        CHECK(world.is_running(world.thread(server)));
    }
    SECTION("somebody is") {
        const Sleeper above = world.sleeper(55);
        world.run(world.thread(client.tcb));
        world.ring(above);
        world.call(world.thread(client.tcb), endpoint, 1);
        CHECK(world.runs(above));
    }
}

TEST_CASE("a preempted thread goes to the head, one that yields or ends its slice to the tail", "[sched]") {
    Scheduling world;
    const Sleeper first = world.sleeper(50);
    const Sleeper second = world.sleeper(50);
    const Sleeper high = world.sleeper(60);
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {10}, {at::tcb}).ok());
    world.ring(first);
    REQUIRE(world.runs(first));
    world.ring(second);
    SECTION("preempted") {
        world.ring(high);
        REQUIRE(world.runs(high));
        CHECK(world.turns(world.root()) == Words{high.tcb, first.tcb, second.tcb});
    }
    SECTION("yields") {
        world.enter(world.thread(first.tcb), Syscall::yield, 0);
        CHECK(world.turns(world.root()) == Words{second.tcb, first.tcb});
    }
    SECTION("slice used up") {
        world.advance_us(5000);
        world.fire_timer();
        CHECK(world.turns(world.root()) == Words{second.tcb, first.tcb});
    }
    SECTION("slice not used up") {
        world.advance_us(100);
        world.interrupt(x86::vector::timer);
        CHECK(world.runs(first));
    }
}

TEST_CASE("a bound context and a changed priority put a thread at the head", "[sched]") {
    Scheduling world;
    const Sleeper first = world.sleeper(50);
    const Sleeper second = world.sleeper(50);
    world.ring(first);
    world.ring(second);
    SECTION("a context bound") {
        const Word third = world.make_thread(50, false);
        REQUIRE(world.invoke(third, Method::tcb_resume).ok());
        REQUIRE(world.invoke(world.make_context(), Method::sched_context_bind, {}, {third}).ok());
        world.receive(world.root(), world.make(ObjectType::notification), 0, Syscall::wait);
        CHECK(world.runs({third, 0}));
    }
    SECTION("a priority raised") {
        const Sleeper third = world.sleeper(40);
        world.ring(third);
        REQUIRE(world.invoke(third.tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
        world.receive(world.root(), world.make(ObjectType::notification), 0, Syscall::wait);
        CHECK(world.runs(third));
    }
    SECTION("a priority lowered") {
        const Sleeper third = world.sleeper(80);
        world.ring(third);
        REQUIRE(world.invoke(third.tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
        world.receive(world.root(), world.make(ObjectType::notification), 0, Syscall::wait);
        CHECK(world.runs(third));
    }
}

TEST_CASE("the running thread that lowers itself gives way", "[sched]") {
    Scheduling world;
    const Sleeper other = world.sleeper(200);
    world.ring(other);
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {199}, {at::tcb}).ok());
    CHECK(world.runs(other));
    world.fall_asleep(other);
    CHECK(world.is_running(world.root()));
}

TEST_CASE("of several equals that one deletion wakes the last one comes first", "[sched]") {
    Scheduling world;
    const Word endpoint = world.make(ObjectType::endpoint);
    Words senders;
    for (int i = 0; i < 3; i++) {
        senders.push_back(world.make_thread(50));
        world.run(world.thread(senders.back()));
        world.send(world.thread(senders.back()), endpoint, 0);
    }
    world.run(world.root());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {endpoint, 64}).ok());
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {10}, {at::tcb}).ok());
    CHECK(world.turns(world.root()) == Words{senders[2], senders[1], senders[0]});
}

TEST_CASE("a thread that is moved comes before an equal that the same call has woken earlier", "[sched]") {
    Scheduling world;
    const Word endpoint = world.make(ObjectType::endpoint), nothing = world.free_slot();
    const Word sender = world.make_thread(255);
    world.run(world.thread(sender));
    world.send(world.thread(sender), endpoint, 0);
    const Word moved = world.make_thread(50, false), context = world.make_context();
    const auto set = [&](Word context_or_none, Word handler) {
        return world.invoke(moved, Method::tcb_set_sched_params, {255, 255}, {at::tcb, context_or_none, handler});
    };
    REQUIRE(world.invoke(moved, Method::tcb_resume).ok());
    REQUIRE(set(nothing, endpoint).ok());
    SECTION("by its priority") {
        REQUIRE(world.invoke(context, Method::sched_context_bind, {}, {moved}).ok());
        REQUIRE(world.invoke(moved, Method::tcb_set_priority, {50}, {at::tcb}).ok());
    }
    SECTION("by a context bound to it") {}
    // The last capability of the endpoint is the one that the call replaces.
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {endpoint, 64}).ok());
    REQUIRE(set(context, nothing).ok());
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {10}, {at::tcb}).ok());
    CHECK(world.turns(world.root()) == Words{moved, sender});
}

TEST_CASE("a thread without context runs once it has one", "[sched]") {
    Scheduling world;
    const Word bare = world.make_thread(255, false);
    REQUIRE(world.invoke(bare, Method::tcb_resume).ok());
    CHECK(world.is_running(world.root()));
    const Word context = world.make(ObjectType::sched_context, 8);
    REQUIRE(world.invoke(context, Method::sched_context_bind, {}, {bare}).ok());
    CHECK_FALSE(world.thread(bare).in_ready_queue);
    REQUIRE(
        world.invoke(at::sched_control, Method::sched_control_configure_flags, {5000, 5000, 0, 0, 0}, {context}).ok());
    world.enter(world.root(), Syscall::yield, 0);
    CHECK(world.is_running(world.thread(bare)));
}

TEST_CASE("with nobody to run the machine idles until an interrupt wakes somebody", "[sched]") {
    Scheduling world;
    const Word bell = world.make(ObjectType::notification);
    const Word handler = world.free_slot();
    REQUIRE(
        world.invoke(at::irq_control, Method::irq_control_get_ioapic, {handler, 64, 0, 3, 0, 0, 7}, {at::cnode}).ok());
    REQUIRE(world.invoke(handler, Method::irq_handler_set_notification, {}, {bell}).ok());
    world.receive(world.root(), bell, 0, Syscall::wait);
    CHECK(world.running() == nullptr);
    CHECK(x86::simulated.idle_waits > 0);
    world.device_interrupt(7);
    CHECK(world.is_running(world.root()));
    CHECK(world.answer_of(world.root()).completed);
}

TEST_CASE("an interrupt that comes just as the machine falls asleep wakes it", "[sched]") {
    Scheduling world;
    const Word bell = world.make(ObjectType::notification), handler = world.free_slot();
    REQUIRE(
        world.invoke(at::irq_control, Method::irq_control_get_ioapic, {handler, 64, 0, 3, 0, 0, 7}, {at::cnode}).ok());
    REQUIRE(world.invoke(handler, Method::irq_handler_set_notification, {}, {bell}).ok());
    x86::simulated.pending_interrupts.push_back(x86::vector::device_first + 7);
    world.receive(world.root(), bell, 0, Syscall::wait);
    CHECK(x86::simulated.idle_waits == 1);
    CHECK(world.is_running(world.root()));
    CHECK(world.answer_of(world.root()).completed);
}

TEST_CASE("one interrupt releases at most sixteen threads, the next one, which comes at once, the others", "[sched]") {
    constexpr unsigned count = 20, most = 16;
    Scheduling world;
    const auto released = [&, first = world.free_slot()] {
        unsigned found = 0;
        for (Word index = first; index < bit(root_radix); index++)
            found += world.cap(index).is(CapType::tcb) &&
                     (world.thread(index).in_ready_queue || world.is_running(world.thread(index)));
        return found;
    };
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
    for (unsigned i = 0; i < count; i++) {
        const Word made = world.make_thread(100, false);
        REQUIRE(world.invoke(world.make_context(1000, 10'000), Method::sched_context_bind, {}, {made}).ok());
        world.run(world.thread(made));
        REQUIRE(world.enter(world.thread(made), Syscall::yield, 0).completed);
        REQUIRE(world.is_running(world.root()));
    }
    REQUIRE(released() == 0);
    world.advance_us(20'000);
    world.fire_timer();
    CHECK(released() == most);
    CHECK(world.timer() <= world.now());
    world.fire_timer();
    CHECK(released() == count);
}
