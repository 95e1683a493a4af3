// SPDX-License-Identifier: BSD-2-Clause
// Passive servers: whose scheduling context goes where, through calls, answers, and what breaks a stack of callers.
#include <support/passive.hpp>

using namespace test;

TEST_CASE("a passive server runs on its caller's context and gives it back with the answer", "[donation]") {
    for (unsigned words : {0, 1, 2, 3, 4, 5, 120}) {
        for (bool reply_recv : {true, false}) {
            Passive world;
            const auto server = world.server();
            world.run(world.client);
            world.call_from(world.client, server, 5, counting(words));
            CHECK(world.on_client_time(world.of(server)));
            CHECK(world.client.sched_context == nullptr);
            const CallResult request = world.answer_of(world.of(server));
            CHECK(request.completed);
            CHECK(request.label == 5);
            CHECK(request.words == counting(words));
            world.advance_us(10);
            if (reply_recv)
                world.reply_receive(world.of(server), server.endpoint, server.reply, 6, counting(words, 900));
            else
                world.send(world.of(server), server.reply, 6, counting(words, 900));
            CHECK(world.on_client_time(world.client));
            CHECK(world.of(server).sched_context == nullptr);
            REQUIRE(world.is_running(world.client));
            const CallResult answer = world.answer_of(world.client);
            CHECK(answer.completed);
            CHECK(answer.label == 6);
            CHECK(answer.badge == 0);
            CHECK(answer.words == counting(words, 900));
        }
    }
}

TEST_CASE("calls through servers behind one another, and back, again and again", "[donation]") {
    Passive world;
    const auto inner = world.server();
    const auto outer = world.server();
    world.run(world.client);
    for (int round = 0; round < 3; round++) {
        world.call_from(world.client, outer);
        world.call_from(world.of(outer), inner);
        CHECK(world.on_client_time(world.of(inner)));
        world.reply_receive(world.of(inner), inner.endpoint, inner.reply, 1);
        REQUIRE(world.is_running(world.of(outer)));
        CHECK(world.on_client_time(world.of(outer)));
        world.reply_receive(world.of(outer), outer.endpoint, outer.reply, 2);
        REQUIRE(world.is_running(world.client));
        CHECK(world.on_client_time(world.client));
    }
}

TEST_CASE("an answer in the middle of a stack gives no context, and breaks the stack there", "[donation]") {
    Passive world;
    const auto inner = world.server();
    const auto outer = world.server();
    world.run(world.client);
    world.call_from(world.client, outer);
    world.call_from(world.of(outer), inner);
    // Somebody else answers the client, whose context the inner server has.
    world.run(world.root());
    REQUIRE(world.send(world.root(), outer.reply, 3).completed);
    CHECK(world.answer_of(world.client).label == 3);
    CHECK(world.client.sched_context == nullptr);
    CHECK_FALSE(world.client.in_ready_queue);
    world.run(world.of(inner));
    world.reply_receive(world.of(inner), inner.endpoint, inner.reply, 1);
    CHECK(world.on_client_time(world.of(outer)));
    // The stack ends there: answering again through the outer reply object does nothing.
    REQUIRE(world.is_running(world.of(outer)));
    CHECK(world.send(world.of(outer), outer.reply, 9).completed);
    CHECK(world.client.sched_context == nullptr);
}

TEST_CASE("a reply object deleted on top returns the context, in the middle it returns nothing", "[donation]") {
    Passive world;
    const auto inner = world.server();
    const auto outer = world.server();
    world.run(world.client);
    world.call_from(world.client, outer);
    SECTION("on top") {
        world.destroy(outer.reply);
        CHECK(world.client.state == ThreadState::stopped);
        CHECK(world.on_client_time(world.client));
        CHECK(world.of(outer).sched_context == nullptr);
    }
    SECTION("in the middle") {
        world.call_from(world.of(outer), inner);
        world.destroy(outer.reply);
        CHECK(world.client.state == ThreadState::stopped);
        CHECK(world.client.sched_context == nullptr);
        CHECK(world.on_client_time(world.of(inner)));
    }
    SECTION("at the bottom, two above it") {
        const auto innermost = world.server();
        world.run(world.of(outer));
        world.call_from(world.of(outer), inner);
        world.call_from(world.of(inner), innermost);
        world.destroy(inner.reply);
        CHECK(world.of(outer).state == ThreadState::stopped);
        CHECK(world.on_client_time(world.of(innermost)));
        // The top still knows its caller; below that nothing is left.
        world.run(world.of(innermost));
        world.send(world.of(innermost), innermost.reply, 1);
        CHECK(world.on_client_time(world.of(inner)));
        world.run(world.root());
        REQUIRE(world.send(world.root(), outer.reply, 1).completed);
        CHECK(world.client.sched_context == nullptr);
    }
}

TEST_CASE("a caller that is suspended or deleted breaks the stack, the context stays where it is", "[donation]") {
    const bool deleted = GENERATE(false, true);
    Passive world;
    const auto inner = world.server();
    const auto outer = world.server();
    world.run(world.client);
    world.call_from(world.client, outer);
    world.call_from(world.of(outer), inner);
    world.run(world.root());
    SECTION("in the middle") {
        if (deleted)
            world.destroy(outer.tcb);
        else
            REQUIRE(world.invoke(outer.tcb, Method::tcb_suspend).ok());
        CHECK(world.on_client_time(world.of(inner)));
        world.run(world.of(inner));
        world.send(world.of(inner), inner.reply, 1);
        CHECK(world.on_client_time(world.of(inner)));
    }
    SECTION("at the bottom") {
        if (deleted)
            world.destroy(world.client_cap);
        else
            REQUIRE(world.invoke(world.client_cap, Method::tcb_suspend).ok());
        world.run(world.of(inner));
        world.reply_receive(world.of(inner), inner.endpoint, inner.reply, 1);
        REQUIRE(world.is_running(world.of(outer)));
        world.send(world.of(outer), outer.reply, 1);
        CHECK(world.on_client_time(world.of(outer)));
    }
}

TEST_CASE("a caller that has got another context meanwhile does not take its own back", "[donation]") {
    Passive world;
    const auto server = world.server();
    world.run(world.client);
    world.call_from(world.client, server);
    world.run(world.root());
    const Word other = world.make_context();
    REQUIRE(world.invoke(other, Method::sched_context_bind, {}, {world.client_cap}).ok());
    world.run(world.of(server));
    world.send(world.of(server), server.reply, 4);
    CHECK(world.answer_of(world.client).label == 4);
    CHECK(world.client.sched_context == &world.context(other));
    CHECK(world.on_client_time(world.of(server)));
}

TEST_CASE("Send and NBSend lend nothing: the receiver is runnable and waits for a context", "[donation]") {
    for (Syscall number : {Syscall::send, Syscall::nb_send}) {
        Passive world;
        const auto server = world.server();
        world.run(world.client);
        CHECK(world.send(world.client, server.endpoint, 1, {}, {}, number).completed);
        CHECK(world.is_running(world.client));
        CHECK(world.on_client_time(world.client));
        CHECK(world.answer_of(world.of(server)).label == 1);
        CHECK(world.of(server).sched_context == nullptr);
        world.run(world.root());
        REQUIRE(world.invoke(world.make_context(), Method::sched_context_bind, {}, {server.tcb}).ok());
        CHECK(world.of(server).in_ready_queue);
    }
}

TEST_CASE("the send half of NBSendRecv and NBSendWait lends its context", "[donation]") {
    for (bool with_reply : {true, false}) {
        Passive world;
        const auto server = world.server();
        const Word endpoint = world.make(ObjectType::endpoint);
        const Word reply = world.make(ObjectType::reply);
        world.run(world.client);
        world.put_message(world.client, 8, {1});
        (with_reply ? world.client.context.r13 : world.client.context.r12) = server.endpoint;
        if (with_reply)
            world.client.context.r12 = reply;
        world.enter(world.client, with_reply ? Syscall::nb_send_recv : Syscall::nb_send_wait, endpoint);
        CHECK(world.on_client_time(world.of(server)));
        CHECK(world.is_running(world.of(server)));
        CHECK(world.answer_of(world.of(server)).label == 8);
        CHECK(world.client.state == ThreadState::receiving);
        CHECK(world.client.sched_context == nullptr);
    }
}

TEST_CASE("a passive receiver that finds a caller queued gets its context", "[donation]") {
    Passive world;
    const auto server = world.server();
    const auto second = world.server();
    // The server is busy with one caller while another one queues.
    const Word other = world.make_thread();
    world.run(world.thread(other));
    world.call_from(world.thread(other), server);
    world.run(world.client);
    world.call(world.client, server.endpoint, 2);
    REQUIRE(world.client.state == ThreadState::sending);
    world.run(world.of(server));
    world.reply_receive(world.of(server), server.endpoint, server.reply, 1);
    CHECK(world.answer_of(world.of(server)).label == 2);
    CHECK(world.on_client_time(world.of(server)));
    CHECK(world.thread(other).sched_context != nullptr);
    CHECK(world.of(second).state == ThreadState::receiving);
}

TEST_CASE("a fault lends its context to a passive handler, which maps and answers on it", "[donation][fault]") {
    Passive world;
    const auto pager = world.server();
    REQUIRE(
        world.invoke(world.client_cap, Method::tcb_set_space, {0, 0}, {pager.endpoint, at::cnode, at::vspace}).ok());
    world.run(world.client);
    world.exception(14, 0x40'3000, 6, 0x1234'5000);
    REQUIRE(world.is_running(world.of(pager)));
    CHECK(world.on_client_time(world.of(pager)));
    world.reply_receive(world.of(pager), pager.endpoint, pager.reply, 0);
    CHECK(world.is_running(world.client));
    CHECK(world.on_client_time(world.client));
    CHECK(world.of(pager).state == ThreadState::receiving);
}

TEST_CASE("a receiver that loses its context by its answer still receives in the same call", "[donation]") {
    Passive world;
    const auto server = world.server();
    world.run(world.client);
    world.call_from(world.client, server);
    const Word sender = world.make_thread();
    world.run(world.thread(sender));
    world.send(world.thread(sender), server.endpoint, 77);
    REQUIRE(world.thread(sender).state == ThreadState::sending);
    world.run(world.of(server));
    world.reply_receive(world.of(server), server.endpoint, server.reply, 5);
    CHECK(world.answer_of(world.client).label == 5);
    CHECK(world.answer_of(world.of(server)).label == 77);
    CHECK(world.of(server).state == ThreadState::runnable);
    CHECK(world.of(server).sched_context == nullptr);
}

TEST_CASE("a server with a context of its own keeps it, and the caller keeps its own", "[donation]") {
    Passive world;
    const auto server = world.server();
    const Word own = world.make_context();
    REQUIRE(world.invoke(own, Method::sched_context_bind, {}, {server.tcb}).ok());
    world.run(world.client);
    world.call_from(world.client, server);
    CHECK(world.of(server).sched_context == &world.context(own));
    CHECK(world.on_client_time(world.client));
    world.reply_receive(world.of(server), server.endpoint, server.reply, 5);
    CHECK(world.answer_of(world.client).label == 5);
    CHECK(world.of(server).sched_context == &world.context(own));
}

TEST_CASE("calls that carry capabilities stack up as well", "[donation]") {
    Passive world;
    const auto inner = world.server();
    const auto outer = world.server();
    const auto call_with_cap = [&](Tcb& caller, const Passive::Server& server) {
        abi::IpcBuffer& buffer = world.buffer(world.of(server));
        buffer.receive_cnode = at::cnode;
        buffer.receive_index = world.free_slot();
        buffer.receive_depth = 64;
        world.call(caller, server.endpoint, 1, {}, {at::sched_context});
        REQUIRE(world.is_running(world.of(server)));
        CHECK(world.cap(buffer.receive_index).is(CapType::sched_context));
    };
    world.run(world.client);
    call_with_cap(world.client, outer);
    call_with_cap(world.of(outer), inner);
    CHECK(world.on_client_time(world.of(inner)));
    // Answers with capabilities go back the same way.
    for (auto [from, to] : {std::pair{&inner, &world.of(outer)}, std::pair{&outer, &world.client}}) {
        world.buffer(*to).receive_index = world.free_slot();
        world.put_message(world.of(*from), 2, {}, {at::sched_context});
        world.enter(world.of(*from), Syscall::send, from->reply);
        CHECK(world.on_client_time(*to));
        REQUIRE(world.is_running(*to));
        CHECK(world.answer_of(*to).label == 2);
    }
}
