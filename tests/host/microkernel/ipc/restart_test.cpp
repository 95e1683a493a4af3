// SPDX-License-Identifier: BSD-2-Clause
// What waits can be stopped, resumed and cancelled: it starts again from its SYSCALL, or stops.
#include <support/ipc_pair.hpp>

using namespace test;

namespace {

enum class Wait { sending, calling, receiving, awaiting_answer, waiting };

/// The client is made to wait in one of the ways there are.
struct Waiting : Pair {
    Word bell = make(ObjectType::notification);
    Word badged = mint(endpoint_cap, Rights::all(), 9);
    Word second_reply = make(ObjectType::reply);

    void make_wait(Wait how) {
        if (how == Wait::awaiting_answer)
            server_waits();
        run(client);
        switch (how) {
        case Wait::sending: send(client, badged, 3, {1}); break;
        case Wait::calling:
        case Wait::awaiting_answer: call(client, badged, 3, {1}); break;
        case Wait::receiving: receive(client, endpoint_cap, second_reply); break;
        case Wait::waiting: receive(client, bell, 0, Syscall::wait); break;
        }
        REQUIRE(client.is_blocked());
        run(root());
    }
};

constexpr Wait all_waits[] = {Wait::sending, Wait::calling, Wait::receiving, Wait::awaiting_answer, Wait::waiting};

} // namespace

TEST_CASE("a thread that waits is suspended and, resumed, makes its call again", "[restart]") {
    for (Wait how : all_waits) {
        Waiting world;
        world.make_wait(how);
        const Context before = world.client.context;
        REQUIRE(world.invoke(world.client_cap, Method::tcb_suspend).ok());
        CHECK(world.client.state == ThreadState::stopped);
        CHECK(world.endpoint(world.endpoint_cap).state() == Endpoint::State::idle);
        CHECK(world.notification(world.bell).state == Notification::State::idle);
        CHECK(world.reply(world.reply_cap).thread != &world.client);
        CHECK(world.reply(world.second_reply).thread == nullptr);
        REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
        CHECK(world.client.state == ThreadState::runnable);
        CHECK(world.client.context.rip == syscall_ip);
        CHECK(world.client.context.rdi == before.rdi);
        CHECK(world.client.context.rsi == before.rsi);
        CHECK(world.client.context.r10 == before.r10);
        world.run(world.client);
        world.enter_again(world.client);
        CHECK((world.client.is_blocked() || how == Wait::awaiting_answer));
    }
}

TEST_CASE("Resume and WriteRegisters start the call of a waiting thread again", "[restart]") {
    for (Wait how : all_waits) {
        for (bool by_write : {false, true}) {
            Waiting world;
            world.make_wait(how);
            if (by_write)
                REQUIRE(world.invoke(world.client_cap, Method::tcb_write_registers, {1, 1, syscall_ip}).ok());
            else
                REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
            CHECK(world.client.state == ThreadState::runnable);
            CHECK(world.waits(world.client));
            CHECK(world.endpoint(world.endpoint_cap).state() == Endpoint::State::idle);
        }
    }
}

TEST_CASE("ReadRegisters shows the SYSCALL of a thread that waits", "[restart]") {
    for (Wait how : all_waits) {
        Waiting world;
        world.make_wait(how);
        const CallResult registers = world.invoke(world.client_cap, Method::tcb_read_registers, {0, 9});
        CHECK(registers.words.at(0) == syscall_ip);
        CHECK(registers.words.at(8) == world.client.context.rdi);
        CHECK(world.client.is_blocked());
    }
}

TEST_CASE("Resume leaves a thread alone that can run", "[restart]") {
    Waiting world;
    REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
    const Context before = world.client.context;
    REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
    CHECK(world.client.context.rip == before.rip);
    CHECK(world.client.in_ready_queue);
    REQUIRE(world.invoke(at::tcb, Method::tcb_resume).ok());
    CHECK(world.is_running(world.root()));
}

TEST_CASE("a thread suspended while it could run goes on behind its last instruction", "[restart]") {
    Waiting world;
    world.run(world.client);
    CHECK(world.enter(world.client, Syscall::set_tls_base, 0x5000).completed);
    world.run(world.root());
    REQUIRE(world.invoke(world.client_cap, Method::tcb_suspend).ok());
    CHECK(world.client.state == ThreadState::stopped);
    REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
    CHECK(world.client.context.rip == syscall_ip + 2);
}

TEST_CASE("a thread that suspended itself makes that call again at each Resume", "[restart]") {
    Waiting world;
    world.run(world.client);
    world.call(world.client, world.client_cap, static_cast<Word>(Method::tcb_suspend));
    CHECK(world.client.state == ThreadState::stopped);
    world.run(world.root());
    REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
    CHECK(world.client.context.rip == syscall_ip);
}

TEST_CASE("deleting an endpoint has those who queue there try again, and meet the missing capability", "[restart]") {
    for (bool sending : {true, false}) {
        Waiting world;
        const Word third = world.make_thread();
        for (Tcb* who : {&world.client, &world.thread(third)}) {
            world.run(*who);
            if (sending)
                world.call(*who, world.badged, 3);
            else
                world.receive(*who, world.endpoint_cap, 0, Syscall::wait);
        }
        world.run(world.root());
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.endpoint_cap, 64}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.endpoint_cap, 64}).ok());
        for (Tcb* who : {&world.client, &world.thread(third)}) {
            CHECK(who->state == ThreadState::runnable);
            world.run(*who);
            const CallResult again = world.enter_again(*who);
            if (sending)
                CHECK(again.is(Error::invalid_capability, {0}));
            else
                CHECK(who->state == ThreadState::stopped);
        }
    }
}

TEST_CASE("CancelBadgedSends has just the senders with this badge try again", "[restart]") {
    Waiting world;
    const Word other_badge = world.mint(world.endpoint_cap, Rights::all(), 10);
    const Word third = world.make_thread();
    world.run(world.client);
    world.call(world.client, world.badged, 3);
    world.run(world.thread(third));
    world.send(world.thread(third), other_badge, 4);
    world.run(world.root());
    const auto cancel = [&](Word through) {
        return world.invoke(at::cnode, Method::cnode_cancel_badged_sends, {through, 64});
    };
    SECTION("with the right badge") {
        CHECK(cancel(world.badged).ok());
        CHECK(world.client.state == ThreadState::runnable);
        CHECK(world.waits(world.client));
        CHECK(world.thread(third).state == ThreadState::sending);
    }
    SECTION("not with badge 0") {
        CHECK(cancel(world.endpoint_cap).ok());
        CHECK(world.client.state == ThreadState::sending);
    }
    SECTION("not without all four rights") {
        const Word weak = world.mint(world.badged, Rights::write() | Rights::read() | Rights::grant());
        CHECK(cancel(weak) == Error::illegal_operation);
        CHECK(cancel(world.bell) == Error::illegal_operation);
        CHECK(cancel(4000) == Error::illegal_operation);
        CHECK(world.client.state == ThreadState::sending);
    }
    SECTION("receivers are not meant") {
        REQUIRE(world.invoke(world.client_cap, Method::tcb_suspend).ok());
        REQUIRE(world.invoke(third, Method::tcb_suspend).ok());
        world.server_waits();
        world.run(world.root());
        CHECK(cancel(world.badged).ok());
        CHECK(world.server.state == ThreadState::receiving);
    }
    SECTION("a long queue is left for an interrupt, and gone through again") {
        for (int i = 0; i < 60; i++) {
            const Word more = world.make_thread();
            world.run(world.thread(more));
            world.send(world.thread(more), i % 2 ? world.badged : other_badge, 5);
        }
        world.run(world.root());
        world.interrupt_at_look(1);
        world.put_message(world.root(), static_cast<Word>(Method::cnode_cancel_badged_sends), {world.badged, 64});
        CHECK_FALSE(world.enter(world.root(), Syscall::call, at::cnode).completed);
        world.no_interrupts();
        REQUIRE(world.is_running(world.root()));
        CHECK(world.enter_again(world.root()).ok());
        unsigned left = 0;
        for (Tcb* thread = world.endpoint(world.endpoint_cap).first(); thread; thread = thread->queue.next, left++)
            CHECK(thread->send.badge == 10);
        CHECK(left == 31);
    }
}

TEST_CASE("a cancellation that was left for an interrupt goes on whoever leaves the queue meanwhile", "[restart]") {
    for (unsigned stopped_after : {1u, 2u, 3u}) {
        Waiting world;
        const Word other_badge = world.mint(world.endpoint_cap, Rights::all(), 10);
        Words senders;
        for (int i = 0; i < 120; i++) {
            senders.push_back(world.make_thread());
            world.run(world.thread(senders.back()));
            world.send(world.thread(senders.back()), i % 8 == 0 ? world.badged : other_badge, 5);
        }
        world.run(world.root());
        const Words cancel{world.badged, 64};
        world.look_after_steps(stopped_after);
        world.interrupt_at_look(1);
        world.put_message(world.root(), static_cast<Word>(Method::cnode_cancel_badged_sends), cancel);
        REQUIRE_FALSE(world.enter(world.root(), Syscall::call, at::cnode).completed);
        world.no_interrupts();
        // Some go, those among them that the search has reached; and another badge is cancelled in between.
        for (unsigned i = 0; i < 120; i += 3) {
            if (world.thread(senders[i]).state == ThreadState::sending)
                REQUIRE(world.invoke(senders[i], Method::tcb_suspend).ok());
        }
        if (stopped_after == 2)
            REQUIRE(world.invoke(at::cnode, Method::cnode_cancel_badged_sends, {other_badge, 64}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_cancel_badged_sends, cancel).ok());
        for (Tcb* thread = world.endpoint(world.endpoint_cap).first(); thread; thread = thread->queue.next)
            CHECK(thread->send.badge == 10);
        if (stopped_after == 2)
            CHECK(world.endpoint(world.endpoint_cap).first() == nullptr);
    }
}

TEST_CASE("receiving with a reply object that another waits on first stops that one", "[restart]") {
    Waiting world;
    SECTION("a caller") {
        world.make_wait(Wait::awaiting_answer);
        const Word second = world.make_thread();
        world.run(world.thread(second));
        world.receive(world.thread(second), world.endpoint_cap, world.reply_cap, Syscall::nb_recv);
        CHECK(world.client.state == ThreadState::stopped);
        CHECK(world.reply(world.reply_cap).thread == nullptr);
    }
    SECTION("a receiver") {
        world.server_waits();
        world.run(world.client);
        world.receive(world.client, world.endpoint_cap, world.reply_cap);
        CHECK(world.server.state == ThreadState::stopped);
        CHECK(world.reply(world.reply_cap).thread == &world.client);
    }
}

TEST_CASE("answering through an idle reply object does nothing, and after an answer it is idle", "[restart]") {
    Waiting world;
    CHECK(world.send(world.root(), world.reply_cap, 1).completed);
    CHECK(world.call(world.root(), world.reply_cap, 1).ok());
    world.make_wait(Wait::awaiting_answer);
    CHECK(world.send(world.root(), world.reply_cap, 6).completed);
    CHECK(world.answer_of(world.client).label == 6);
    world.client.context.rsi = 0;
    CHECK(world.send(world.root(), world.reply_cap, 7).completed);
    CHECK(world.answer_of(world.client).label == 0);
}

TEST_CASE("deleting the last reply capability stops who waits on it", "[restart]") {
    Waiting world;
    SECTION("a caller") { world.make_wait(Wait::awaiting_answer); }
    SECTION("a receiver") {
        world.run(world.client);
        world.receive(world.client, world.endpoint_cap, world.reply_cap);
        world.run(world.root());
    }
    const Word copy = world.mint(world.reply_cap, Rights::all());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {copy, 64}).ok());
    CHECK(world.client.is_blocked());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.reply_cap, 64}).ok());
    CHECK(world.client.state == ThreadState::stopped);
    REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
    CHECK(world.waits(world.client));
}
