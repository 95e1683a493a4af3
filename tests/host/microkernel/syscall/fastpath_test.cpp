// SPDX-License-Identifier: BSD-2-Clause
// The short ways of calls, answers and faults do what the long ones do, and are only taken where that is enough.
#include <support/passive.hpp>

using namespace test;

TEST_CASE("the short way of a call is only taken where nothing else has to happen", "[donation]") {
    Passive world;
    const auto server = world.server();
    SECTION("somebody more urgent is ready: the server waits its turn") {
        REQUIRE(world.invoke(server.tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
        world.run(world.client);
        world.call(world.client, server.endpoint, 1);
        CHECK(world.is_running(world.root()));
        CHECK(world.on_client_time(world.of(server)));
        CHECK(world.of(server).in_ready_queue);
    }
    SECTION("several servers wait: the next one stays") {
        const auto second = world.server();
        world.run(world.root());
        const Word borrowed = world.make_context();
        REQUIRE(world.invoke(second.tcb, Method::tcb_suspend).ok());
        REQUIRE(world.invoke(borrowed, Method::sched_context_bind, {}, {second.tcb}).ok());
        REQUIRE(world.invoke(second.tcb, Method::tcb_resume).ok());
        world.run(world.of(second));
        world.receive(world.of(second), server.endpoint, second.reply);
        world.run(world.root());
        REQUIRE(world.invoke(borrowed, Method::sched_context_unbind).ok());
        world.run(world.client);
        world.call_from(world.client, server);
        CHECK(world.of(second).state == ThreadState::receiving);
        CHECK(world.endpoint(server.endpoint).first() == &world.of(second));
    }
    SECTION("capabilities go along") {
        abi::IpcBuffer& buffer = world.buffer(world.of(server));
        buffer.receive_cnode = at::cnode;
        buffer.receive_index = world.free_slot();
        buffer.receive_depth = 64;
        world.run(world.client);
        world.call(world.client, server.endpoint, 1, {}, {at::sched_context});
        CHECK(world.answer_of(world.of(server)).extra_caps == 1);
        CHECK(world.cap(buffer.receive_index).is(CapType::sched_context));
    }
    SECTION("a long message to a server without buffer arrives cut") {
        REQUIRE(world.invoke(server.tcb, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
        world.run(world.client);
        world.call(world.client, server.endpoint, 1, counting(9));
        CHECK(world.answer_of(world.of(server)).words == counting(4));
    }
    SECTION("an answer carries a capability") {
        abi::IpcBuffer& buffer = world.buffer(world.client);
        buffer.receive_cnode = at::cnode;
        buffer.receive_index = world.free_slot();
        buffer.receive_depth = 64;
        world.run(world.client);
        world.call_from(world.client, server);
        world.put_message(world.of(server), 3, {1}, {at::sched_context});
        world.of(server).context.r12 = server.reply;
        world.enter(world.of(server), Syscall::reply_recv, server.endpoint);
        CHECK(world.answer_of(world.client).extra_caps == 1);
        CHECK(world.cap(buffer.receive_index).is(CapType::sched_context));
        CHECK(world.of(server).state == ThreadState::receiving);
    }
    SECTION("the server receives on something else than before, which does not fit its guard") {
        world.run(world.client);
        world.call_from(world.client, server);
        world.reply_receive(world.of(server), bit(60), server.reply, 4);
        CHECK(world.answer_of(world.client).label == 4);
        CHECK(world.of(server).state == ThreadState::stopped);
    }
    SECTION("the server may not receive on what it names") {
        world.run(world.client);
        world.call_from(world.client, server);
        world.reply_receive(world.of(server), world.mint(server.endpoint, Rights::write()), server.reply, 4);
        CHECK(world.answer_of(world.client).label == 4);
        CHECK(world.of(server).state == ThreadState::stopped);
    }
    SECTION("a long message comes from a caller without buffer") {
        world.run(world.root());
        REQUIRE(world.invoke(world.client_cap, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
        world.run(world.client);
        world.client.context.rsi = abi::MessageInfo(1, 9).raw();
        world.enter(world.client, Syscall::call, server.endpoint);
        CHECK(world.is_running(world.of(server)));
        CHECK(world.answer_of(world.of(server)).length == 4);
    }
    SECTION("the server answers through what is no reply object, or does not fit its guard") {
        for (Word through : {Word{at::tcb}, bit(60)}) {
            Passive other;
            const auto its_server = other.server();
            other.run(other.client);
            other.call_from(other.client, its_server);
            other.reply_receive(other.of(its_server), its_server.endpoint, through, 4);
            CHECK(other.client.state == ThreadState::awaiting_reply);
            CHECK(other.of(its_server).state == ThreadState::stopped);
        }
    }
    SECTION("the pointer does not fit the guard: a fault, not a call") {
        world.run(world.client);
        world.call(world.client, server.endpoint | bit(60), 1);
        CHECK(world.client.state == ThreadState::stopped);
        CHECK(world.of(server).state == ThreadState::receiving);
    }
    SECTION("the server is bound and has a pending signal when it answers") {
        const Word bell = world.make(ObjectType::notification);
        REQUIRE(world.invoke(server.tcb, Method::tcb_bind_notification, {}, {bell}).ok());
        world.run(world.client);
        world.call_from(world.client, server);
        CHECK(world.send(world.of(server), bell, 0).completed);
        world.reply_receive(world.of(server), server.endpoint, server.reply, 5);
        CHECK(world.answer_of(world.client).label == 5);
        CHECK(world.answer_of(world.of(server)).completed);
    }
    SECTION("the caller has less priority than somebody who is ready when it is answered") {
        world.run(world.client);
        world.call_from(world.client, server);
        world.run(world.root());
        REQUIRE(world.invoke(world.client_cap, Method::tcb_set_priority, {50}, {at::tcb}).ok());
        world.run(world.of(server));
        world.reply_receive(world.of(server), server.endpoint, server.reply, 5);
        CHECK(world.is_running(world.root()));
        CHECK(world.client.in_ready_queue);
    }
}

TEST_CASE("an exception goes to a passive handler and back on the thread's own context", "[donation][fault]") {
    struct Case {
        Word label;
        Words words;
        Word ip, rsp, rflags;
        bool goes_on;
    };
    constexpr Word at_ip = 0x40'3000, at_rsp = 0x7000, at_flags = 0x246;
    for (const Case& c : {Case{0, {}, at_ip, at_rsp, at_flags, true}, Case{0, {0x5000}, 0x5000, at_rsp, at_flags, true},
                          Case{0, {0x5000, 0x6000}, 0x5000, 0x6000, at_flags, true},
                          Case{0, {bit(63), 0x6000, 0xfff}, 0, 0x6000, 0xed7, true},
                          Case{0, {0x5000, 0x6000, 0x203, 1, 2}, 0x5000, 0x6000, 0x203, true},
                          Case{1, {0x5000}, 0x5000, at_rsp, at_flags, false}}) {
        for (bool has_buffer : {true, false}) {
            Passive world;
            const auto handler = world.server();
            REQUIRE(
                world.invoke(world.client_cap, Method::tcb_set_space, {0, 0}, {handler.endpoint, at::cnode, at::vspace})
                    .ok());
            if (!has_buffer)
                REQUIRE(world.invoke(handler.tcb, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
            world.run(world.client);
            world.client.context.rsp = at_rsp;
            world.client.context.rflags = at_flags;
            world.exception(13, at_ip, 0x18);
            REQUIRE(world.is_running(world.of(handler)));
            CHECK(world.on_client_time(world.of(handler)));
            Words expected{at_ip, at_rsp, at_flags, 13, 0x18};
            expected.resize(has_buffer ? 5 : 4);
            CHECK(world.answer_of(world.of(handler)).words == expected);
            // What the answer is too short for does not count.
            world.of(handler).context.r10 = 0x7777;
            world.of(handler).context.r8 = 0x8888;
            world.of(handler).context.r9 = 0x603;
            world.reply_receive(world.of(handler), handler.endpoint, handler.reply, c.label, c.words);
            CHECK(world.client.context.rip == c.ip);
            CHECK(world.client.context.rsp == c.rsp);
            CHECK(world.client.context.rflags == c.rflags);
            CHECK(world.client.state == (c.goes_on ? ThreadState::runnable : ThreadState::stopped));
            CHECK(world.of(handler).state == ThreadState::receiving);
            CHECK(world.on_client_time(world.client));
        }
    }
}

TEST_CASE("an unknown system call and a capability fault are answered on the thread's own context, too",
          "[donation][fault]") {
    Passive world;
    const auto handler = world.server();
    REQUIRE(
        world.invoke(world.client_cap, Method::tcb_set_space, {0, 0}, {handler.endpoint, at::cnode, at::vspace}).ok());
    world.run(world.client);
    SECTION("unknown system call") {
        world.enter(world.client, static_cast<Syscall>(99), 0);
        REQUIRE(world.is_running(world.of(handler)));
        world.reply_receive(world.of(handler), handler.endpoint, handler.reply, 0, {0x1234});
        CHECK(world.client.context.rax == 0x1234);
    }
    SECTION("capability fault") {
        world.call(world.client, bit(60), 0);
        REQUIRE(world.is_running(world.of(handler)));
        world.reply_receive(world.of(handler), handler.endpoint, handler.reply, 0);
    }
    CHECK(world.is_running(world.client));
    CHECK(world.on_client_time(world.client));
}

TEST_CASE("with less than 20 us left no short way does anything but end the budget", "[donation][sched]") {
    constexpr Word budget = 1000, period = 10'000;
    Passive world;
    const auto server = world.server();
    const Word limited = world.make_thread(255, false), bell = world.make(ObjectType::notification);
    REQUIRE(world.invoke(world.make_context(budget, period), Method::sched_context_bind, {}, {limited}).ok());
    REQUIRE(world.invoke(limited, Method::tcb_set_space, {0, 0}, {server.endpoint, at::cnode, at::vspace}).ok());
    Tcb& thread = world.thread(limited);
    world.run(thread);
    const auto most_of_it = [&] { world.advance_us(budget - 19); };
    SECTION("Call") {
        most_of_it();
        world.call(thread, server.endpoint, 1);
        CHECK(world.of(server).state == ThreadState::receiving);
    }
    SECTION("an exception") {
        most_of_it();
        world.exception(13, syscall_ip, 0x18);
        CHECK(world.of(server).state == ThreadState::receiving);
    }
    SECTION("a signal") {
        most_of_it();
        world.send(thread, bell, 0);
        CHECK(world.notification(bell).state == Notification::State::idle);
    }
    SECTION("Yield") {
        most_of_it();
        world.enter(thread, Syscall::yield, 0);
    }
    SECTION("ReplyRecv") {
        world.call_from(thread, server);
        most_of_it();
        world.reply_receive(world.of(server), server.endpoint, server.reply, 5);
        CHECK(thread.state == ThreadState::awaiting_reply);
        CHECK(world.waits(world.of(server)));
        CHECK(world.of(server).state == ThreadState::runnable);
        CHECK(world.runs_within_us(world.of(server), period));
        return;
    }
    CHECK(thread.state == ThreadState::runnable);
    CHECK_FALSE(world.is_running(thread));
    CHECK(world.waits(thread));
    CHECK(world.runs_within_us(thread, period));
}
