// SPDX-License-Identifier: BSD-2-Clause
// Notifications: who hears a signal, and the context that a notification may lend.
#include <support/ipc_pair.hpp>

using namespace test;

namespace {

struct Bells : Pair {
    Word bell = make(ObjectType::notification);
    Word badge_1 = mint(bell, Rights::write(), 1);
    Word badge_4 = mint(bell, Rights::write(), 4);

    CallResult signal(Tcb& by, Word through) { return send(by, through, 0); }
    void bind(Word thread_cap) {
        run(root());
        REQUIRE(invoke(thread_cap, Method::tcb_bind_notification, {}, {bell}).ok());
    }
    /// A thread without context that waits on the notification (or receives on the endpoint).
    Word passive_waiter(Word on, bool with_reply = false) {
        const Word who = make_thread(255, false);
        const Word start = make_context();
        run(root());
        REQUIRE(invoke(start, Method::sched_context_bind, {}, {who}).ok());
        run(thread(who));
        receive(thread(who), on, with_reply ? reply_cap : 0, with_reply ? Syscall::recv : Syscall::wait);
        run(root());
        REQUIRE(invoke(start, Method::sched_context_unbind).ok());
        return who;
    }
};

} // namespace

TEST_CASE("signals are OR-ed until somebody looks, then they are gone", "[notification]") {
    for (Syscall number : {Syscall::wait, Syscall::nb_wait, Syscall::recv, Syscall::nb_recv}) {
        Bells world;
        CHECK(world.signal(world.root(), world.badge_1).completed);
        CHECK(world.signal(world.root(), world.badge_4).completed);
        world.run(world.server);
        // A reply object is not looked at: the pointer leads nowhere.
        CHECK(world.receive(world.server, world.bell, ~Word{0}, number).completed);
        CHECK(world.server.context.rdi == 5);
        const Syscall poll =
            number == Syscall::recv || number == Syscall::nb_recv ? Syscall::nb_recv : Syscall::nb_wait;
        CHECK(world.receive(world.server, world.bell, ~Word{0}, poll).completed);
        CHECK(world.server.context.rdi == 0);
        CHECK_FALSE(world.receive(world.server, world.bell, ~Word{0}, Syscall::wait).completed);
    }
}

TEST_CASE("the first waiter by priority hears a signal, and only that one", "[notification]") {
    Bells world;
    const Word low = world.make_thread(30);
    const Word high = world.make_thread(40);
    for (Word who : {low, high}) {
        world.run(world.thread(who));
        world.receive(world.thread(who), world.bell, 0, Syscall::wait);
    }
    world.run(world.client);
    world.signal(world.client, world.badge_4);
    CHECK(world.answer_of(world.thread(high)).completed);
    CHECK(world.thread(high).context.rdi == 4);
    CHECK_FALSE(world.answer_of(world.thread(low)).completed);
    world.signal(world.client, world.badge_1);
    CHECK(world.thread(low).context.rdi == 1);
}

TEST_CASE("a changed priority moves a thread that waits on a notification", "[notification]") {
    Bells world;
    const Word first = world.make_thread(30);
    const Word second = world.make_thread(20);
    for (Word who : {first, second}) {
        world.run(world.thread(who));
        world.receive(world.thread(who), world.bell, 0, Syscall::wait);
    }
    world.run(world.root());
    REQUIRE(world.invoke(second, Method::tcb_set_priority, {31}, {at::tcb}).ok());
    world.signal(world.root(), world.badge_1);
    CHECK(world.answer_of(world.thread(second)).completed);
    CHECK_FALSE(world.answer_of(world.thread(first)).completed);
}

TEST_CASE("signalling without write is InvalidCapability 0, waiting without read a fault", "[notification]") {
    Bells world;
    const Word read_only = world.mint(world.bell, Rights::read());
    CHECK(world.call(world.root(), read_only, 0).is(Error::invalid_capability, {0}));
    CHECK(world.send(world.root(), read_only, 0).completed);
    CHECK(world.notification(world.bell).state == Notification::State::idle);
    CHECK(world.call(world.root(), world.badge_1, 0).ok());
    world.run(world.client);
    world.receive(world.client, world.badge_1, 0, Syscall::wait);
    CHECK(world.client.state == ThreadState::stopped);
}

TEST_CASE("a signal reaches the bound thread on an endpoint, as a message with only a badge", "[notification]") {
    Bells world;
    world.bind(world.server_cap);
    world.server_waits();
    world.server.context.rsi = 0x7777;
    world.run(world.client);
    world.signal(world.client, world.badge_4);
    CHECK(world.answer_of(world.server).completed);
    CHECK(world.server.context.rdi == 4);
    CHECK(world.server.context.rsi == 0x7777);
    // The reply object that it offered is free again.
    CHECK(world.reply(world.reply_cap).thread == nullptr);
    // Nothing is left to hear.
    world.run(world.server);
    CHECK(world.receive(world.server, world.bell, 0, Syscall::nb_wait).completed);
    CHECK(world.server.context.rdi == 0);
}

TEST_CASE("a bound thread in a Call, or in a fault, is not disturbed", "[notification]") {
    const bool by_fault = GENERATE(true, false);
    Bells world;
    world.bind(world.client_cap);
    if (by_fault)
        REQUIRE(
            world.invoke(world.client_cap, Method::tcb_set_space, {0, 0}, {world.endpoint_cap, at::cnode, at::vspace})
                .ok());
    SECTION("queued") {}
    SECTION("taken") { world.server_waits(); }
    world.run(world.client);
    if (by_fault)
        world.exception(14, 0x40'3000, 4, 0x1234'5000);
    else
        world.call(world.client, world.endpoint_cap, 1);
    const ThreadState state = world.client.state;
    world.run(world.root());
    world.signal(world.root(), world.badge_4);
    CHECK(world.client.state == state);
    CHECK(world.notification(world.bell).state == Notification::State::active);
}

TEST_CASE("a bound thread takes a pending signal first, on any endpoint", "[notification]") {
    for (Syscall number : {Syscall::recv, Syscall::nb_recv, Syscall::wait, Syscall::nb_wait}) {
        Bells world;
        world.bind(world.server_cap);
        world.signal(world.root(), world.badge_4);
        world.run(world.client);
        world.send(world.client, world.endpoint_cap, 9);
        REQUIRE(world.client.state == ThreadState::sending);
        world.run(world.server);
        CHECK(world.receive(world.server, world.endpoint_cap, world.reply_cap, number).completed);
        CHECK(world.server.context.rdi == 4);
        CHECK(world.client.state == ThreadState::sending);
        CHECK(world.receive(world.server, world.endpoint_cap, world.reply_cap, number).label == 9);
    }
}

TEST_CASE("a notification that is bound to another thread cannot be waited on", "[notification]") {
    Bells world;
    world.bind(world.server_cap);
    world.run(world.client);
    world.receive(world.client, world.bell, 0, Syscall::wait);
    CHECK(world.client.state == ThreadState::stopped);
    world.run(world.server);
    world.receive(world.server, world.bell, 0, Syscall::wait);
    CHECK(world.server.state == ThreadState::waiting);
}

TEST_CASE("BindNotification refuses what is bound, waited on, or not readable", "[notification]") {
    Bells world;
    const Word other = world.make(ObjectType::notification);
    const auto bind = [&](Word thread_cap, Word what) {
        return world.invoke(thread_cap, Method::tcb_bind_notification, {}, {what});
    };
    CHECK(world.invoke(world.client_cap, Method::tcb_bind_notification) == Error::truncated_message);
    CHECK(bind(world.client_cap, world.badge_1) == Error::illegal_operation);
    CHECK(bind(world.client_cap, world.endpoint_cap) == Error::illegal_operation);
    CHECK(world.invoke(world.client_cap, Method::tcb_unbind_notification) == Error::illegal_operation);
    CHECK(bind(world.client_cap, world.bell).ok());
    CHECK(bind(world.client_cap, other) == Error::illegal_operation);
    CHECK(bind(world.server_cap, world.bell) == Error::illegal_operation);
    CHECK(world.invoke(world.client_cap, Method::tcb_unbind_notification).ok());
    world.run(world.client);
    world.receive(world.client, world.bell, 0, Syscall::wait);
    world.run(world.root());
    CHECK(bind(world.server_cap, world.bell) == Error::illegal_operation);
    CHECK(bind(world.server_cap, other).ok());
}

TEST_CASE("a thread without context borrows the notification's, and gives it back when it waits again",
          "[notification][donation]") {
    Bells world;
    const Word lent = world.make_context();
    const Word waiter = world.passive_waiter(world.bell);
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {world.bell}).ok());
    world.signal(world.root(), world.badge_1);
    CHECK(world.thread(waiter).sched_context == &world.context(lent));
    world.run(world.thread(waiter));
    SECTION("on this notification") {
        world.receive(world.thread(waiter), world.bell, 0, Syscall::wait);
        CHECK(world.thread(waiter).sched_context == nullptr);
    }
    SECTION("not on another one") {
        world.receive(world.thread(waiter), world.make(ObjectType::notification), 0, Syscall::wait);
        CHECK(world.thread(waiter).sched_context == &world.context(lent));
    }
    SECTION("not on an endpoint, unless it is bound") {
        world.receive(world.thread(waiter), world.endpoint_cap, 0, Syscall::wait);
        CHECK(world.thread(waiter).sched_context == &world.context(lent));
    }
    SECTION("bound, on an endpoint") {
        world.run(world.root());
        REQUIRE(world.invoke(waiter, Method::tcb_bind_notification, {}, {world.bell}).ok());
        world.run(world.thread(waiter));
        world.receive(world.thread(waiter), world.endpoint_cap, 0, Syscall::wait);
        CHECK(world.thread(waiter).sched_context == nullptr);
    }
}

TEST_CASE("a bound passive thread on an endpoint borrows the notification's context", "[notification][donation]") {
    Bells world;
    const Word lent = world.make_context();
    const Word waiter = world.passive_waiter(world.endpoint_cap);
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {world.bell}).ok());
    REQUIRE(world.invoke(waiter, Method::tcb_bind_notification, {}, {world.bell}).ok());
    world.signal(world.root(), world.badge_4);
    CHECK(world.thread(waiter).sched_context == &world.context(lent));
    CHECK(world.thread(waiter).context.rdi == 4);
}

TEST_CASE("if the notification's context is not free the woken thread waits for one", "[notification][donation]") {
    Bells world;
    const Word lent = world.make_context();
    const Word first = world.passive_waiter(world.bell);
    const Word second = world.passive_waiter(world.bell);
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {world.bell}).ok());
    world.signal(world.root(), world.badge_1);
    world.signal(world.root(), world.badge_1);
    CHECK(world.thread(first).sched_context == &world.context(lent));
    CHECK(world.thread(second).sched_context == nullptr);
    CHECK(world.thread(second).state == ThreadState::runnable);
    CHECK_FALSE(world.thread(second).in_ready_queue);
    const Word own = world.make_context();
    REQUIRE(world.invoke(own, Method::sched_context_bind, {}, {second}).ok());
    CHECK(world.thread(second).in_ready_queue);
}

TEST_CASE("a passive server that takes a pending signal after its reply borrows the context",
          "[notification][donation]") {
    Bells world;
    const Word lent = world.make_context();
    const Word server_cap = world.passive_waiter(world.endpoint_cap, true);
    Tcb& server = world.thread(server_cap);
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {world.bell}).ok());
    REQUIRE(world.invoke(server_cap, Method::tcb_bind_notification, {}, {world.bell}).ok());
    world.run(world.client);
    world.call(world.client, world.endpoint_cap, 1);
    REQUIRE(world.is_running(server));
    world.run(world.root());
    world.signal(world.root(), world.badge_4);
    REQUIRE(world.notification(world.bell).state == Notification::State::active);
    world.run(server);
    world.reply_receive(server, world.endpoint_cap, world.reply_cap, 7);
    CHECK(world.answer_of(world.client).label == 7);
    CHECK(world.answer_of(server).completed);
    CHECK(server.context.rdi == 4);
    CHECK(server.sched_context == &world.context(lent));
    CHECK(world.client.sched_context != nullptr);
}

TEST_CASE("deleting a notification wakes its waiters, who meet the missing capability", "[notification]") {
    Bells world;
    const Word lent = world.make_context();
    const Word other = world.make_thread();
    for (Tcb* who : {&world.client, &world.thread(other)}) {
        world.run(*who);
        world.receive(*who, world.bell, 0, Syscall::wait);
    }
    world.run(world.root());
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {world.bell}).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.bell, 64}).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.bell, 64}).ok());
    CHECK(world.context(lent).notification == nullptr);
    CHECK(world.client.state == ThreadState::runnable);
    CHECK(world.waits(world.client));
    world.run(world.client);
    world.enter_again(world.client);
    CHECK(world.client.state == ThreadState::stopped);
}

TEST_CASE("deleting a bound notification unbinds it", "[notification]") {
    Bells world;
    world.bind(world.server_cap);
    REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.bell, 64}).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.bell, 64}).ok());
    CHECK(world.invoke(world.server_cap, Method::tcb_unbind_notification) == Error::illegal_operation);
    REQUIRE(
        world.invoke(world.server_cap, Method::tcb_bind_notification, {}, {world.make(ObjectType::notification)}).ok());
}

TEST_CASE("a context whose thread and notification go at different times outlives both", "[notification][donation]") {
    Bells world;
    const Word lent = world.make_context();
    REQUIRE(world.invoke(lent, Method::sched_context_bind, {}, {world.bell}).ok());
    SECTION("the context first") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {lent, 64}).ok());
        CHECK(world.notification(world.bell).sched_context == nullptr);
        CHECK(world.signal(world.root(), world.badge_1).completed);
    }
    SECTION("the notification first") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.bell, 64}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.bell, 64}).ok());
        CHECK(world.invoke(lent, Method::sched_context_bind, {}, {world.make(ObjectType::notification)}).ok());
    }
}
