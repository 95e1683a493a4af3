// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts that travel with calls: to passive servers and back, through chains, and where a chain breaks.
#include <tests/system/ipc/servers.hpp>

using abi::MessageInfo;
using abi::Syscall;
using sys::Message;
using sys::Received;
using test::above;
using test::Caller;
using test::Cap;
using test::far_above;
using test::Holder;
using test::Meeting;
using test::Relay;
using test::Server;
using test::start_passive;
using test::Thread;
using test::word;
using test::Word;

SYSTEM_TEST("a Call gives its context to a passive server, and the answer gives it back") {
    Meeting here;
    REQUIRE_OK(here.make());
    Server serves{here.endpoint, here.reply};
    Thread server;
    REQUIRE_OK(start_passive(server, here.memory, serves));
    for (Word i = 0; i < 50; ++i)
        CHECK_EQUAL(here.endpoint->call(word(i)).mr0, i + 1);
    CHECK_EQUAL(serves.served, 50);
    // It has none again: it may be given one.
    CHECK_OK(server.context().bind(server.tcb()));
}

SYSTEM_TEST("a chain of passive servers runs on the first caller's context, and all of it comes back") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(third, sys::make_object<sys::Endpoint>(test::space(), here.memory));
    REQUIRE_VALUE(third_reply, sys::make_object<sys::Reply>(test::space(), here.memory));
    Relay first{here.endpoint, here.second, here.reply};
    Relay second{here.second, third, here.spare_reply};
    Server last{third, third_reply};
    Thread threads[3];
    REQUIRE_OK(start_passive(threads[0], here.memory, first));
    REQUIRE_OK(start_passive(threads[1], here.memory, second));
    REQUIRE_OK(start_passive(threads[2], here.memory, last));
    for (Word i = 0; i < 20; ++i)
        CHECK_EQUAL(here.endpoint->call(word(i)).mr0, i + 1);
    for (Thread& thread : threads)
        CHECK_OK(thread.context().bind(thread.tcb()));
}

SYSTEM_TEST("while its context is at a server the caller has none; a server with its own takes none") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (const bool is_passive : {true, false}) {
        REQUIRE_VALUE(memory, test::make_untyped(15));
        Holder holds{here.endpoint, here.reply, here.notification};
        Caller calls{here.endpoint};
        Thread holder;
        Thread caller;
        REQUIRE_OK(holder.start(memory, holds, {.priority = far_above}));
        if (is_passive)
            REQUIRE_OK(holder.context().unbind());
        REQUIRE_OK(caller.start(memory, calls, {.priority = above}));
        CHECK_EQUAL(holds.stage, 1);
        const auto unbound = caller.context().unbind_object(caller.tcb());
        CHECK_EQUAL(unbound.is_ok(), !is_passive);
        if (!unbound) {
            CHECK(unbound.error() == abi::Error::illegal_operation);
            CHECK_OK(caller.context().unbind_object(holder.tcb())); // it is the server's
            CHECK_EQUAL(holds.stage, 1);
        }
    }
}

SYSTEM_TEST("Send and NBSend give nothing: a passive receiver has the message and waits for a context") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (const Syscall number : {Syscall::send, Syscall::nb_send}) {
        REQUIRE_VALUE(memory, test::make_untyped(15));
        volatile Word got = 0;
        auto receives = [&] { got = here.endpoint->receive(here.reply).mr0; };
        Thread receiver;
        REQUIRE_OK(start_passive(receiver, memory, receives));
        test::RawCall::make(number, here.endpoint, MessageInfo(1, 1).raw(), 31);
        CHECK_EQUAL(got, 0);
        test::RawCall::make(Syscall::nb_send, here.endpoint, MessageInfo(1, 1).raw(), 32); // it waits no longer
        REQUIRE_OK(receiver.context().bind(receiver.tcb()));
        CHECK_EQUAL(got, 31);
    }
}

SYSTEM_TEST("the first halves of NBSendRecv and NBSendWait do give the context, and their sender waits without one") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (const Syscall number : {Syscall::nb_send_recv, Syscall::nb_send_wait}) {
        REQUIRE_VALUE(memory, test::make_untyped(15));
        volatile Word got = 0;
        auto receives = [&] { got = here.endpoint->receive(here.reply).mr0; };
        auto sends = [&] {
            sys::raw::Registers registers{here.second->slot(), MessageInfo(1, 1).raw(), 33};
            if (number == Syscall::nb_send_recv)
                sys::raw::enter(number, registers, here.spare_reply->slot(), here.endpoint->slot());
            else
                sys::raw::enter(number, registers, here.endpoint->slot());
        };
        Thread receiver;
        Thread sender;
        REQUIRE_OK(start_passive(receiver, memory, receives));
        REQUIRE_OK(sender.start(memory, sends, {.priority = above}));
        CHECK_EQUAL(got, 33);
        CHECK(receiver.is_done());
        // The sender's context is the receiver's now.
        CHECK_OK(sender.context().unbind_object(receiver.tcb()));
        CHECK_OK(sender.context().bind(sender.tcb()));
        here.second->send_if_awaited({});
        CHECK(sender.is_done());
    }
}

SYSTEM_TEST("a passive receiver that finds a caller queued gets its context with the message") {
    Meeting here;
    REQUIRE_OK(here.make());
    volatile Word stage = 0;
    auto serves = [&] {
        here.second->receive(here.spare_reply); // woken by a Call; its context comes with that
        stage = 1;
        const Received received = here.second->send_receive(here.spare_reply, {}, here.reply); // gives it back
        stage = received.mr0;
        here.reply->send(word(77));
        stage = 3;
    };
    Thread server;
    REQUIRE_OK(start_passive(server, here.memory, serves, far_above));
    Caller first{here.second};
    Caller second{here.second};
    Thread threads[2];
    REQUIRE_OK(threads[1].prepare(here.memory, second, {.priority = test::below}));
    REQUIRE_OK(threads[0].start(here.memory, first, {.priority = above}));
    CHECK(threads[0].is_done()); // answered by the first half; the server waits without context
    CHECK_EQUAL(stage, 1);
    REQUIRE_OK(threads[1].tcb().resume());
    REQUIRE_OK(threads[1].tcb().set_priority(test::own_tcb(), above));
    CHECK_EQUAL(second.answer, 77);
    // The answer took the context with it: the server stands behind its Send without one.
    CHECK_EQUAL(stage, 7);
    REQUIRE_OK(server.context().bind(server.tcb()));
    CHECK_EQUAL(stage, 3);
}

SYSTEM_TEST("a server that lost its context by answering still does the second half of its system call") {
    Meeting here;
    REQUIRE_OK(here.make());
    Server serves{here.endpoint, here.reply};
    Thread server;
    REQUIRE_OK(start_passive(server, here.memory, serves, test::below)); // did not even start: it is below
    REQUIRE_OK(server.context().bind(server.tcb()));
    REQUIRE_OK(server.tcb().set_priority(test::own_tcb(), above));
    REQUIRE_OK(server.context().unbind());
    REQUIRE_OK(server.tcb().set_priority(test::own_tcb(), test::below));
    // Each ReplyRecv runs on the case's own context, which is gone in the middle of it.
    for (Word i = 0; i < 10; ++i)
        CHECK_EQUAL(here.endpoint->call(word(i)).mr0, i + 1);
}

SYSTEM_TEST("deleting the reply at the top of the stack stops its caller and returns the context to it") {
    Meeting here;
    REQUIRE_OK(here.make());
    Holder holds{here.endpoint, here.reply, here.notification};
    Caller calls{here.endpoint};
    Thread holder;
    Thread caller;
    REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    CHECK_EQUAL(holds.stage, 1);
    here.reply.reset();
    CHECK_EQUAL(calls.answer, Meeting::nothing);
    CHECK_OK(caller.context().unbind_object(caller.tcb()));
    here.notification->signal(); // the server is awake, and has no context
    CHECK_EQUAL(holds.stage, 1);
    REQUIRE_OK(holder.context().bind(holder.tcb()));
    CHECK_EQUAL(holds.stage, 2);
}

SYSTEM_TEST("a reply deleted in the middle breaks the stack: the context stays, and goes back to above the break") {
    Meeting here;
    REQUIRE_OK(here.make());
    // caller -> relay (reply) -> holder (spare_reply): `reply` is below `spare_reply`, in the middle.
    Relay relays{here.endpoint, here.second, here.reply};
    Holder holds{here.second, here.spare_reply, here.notification};
    Caller calls{here.endpoint};
    Thread relay;
    Thread holder;
    Thread caller;
    REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
    REQUIRE_OK(start_passive(relay, here.memory, relays, far_above));
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    CHECK_EQUAL(holds.stage, 1);
    here.reply.reset(); // the caller stops, without its context
    CHECK_REFUSED(caller.context().unbind_object(caller.tcb()), abi::Error::illegal_operation);
    here.spare_reply->send(word(1)); // the relay has it back, and goes on until it finds its reply object missing
    CHECK_OK(caller.context().unbind_object(relay.tcb()));
    CHECK_EQUAL(calls.answer, Meeting::nothing);
}

SYSTEM_TEST("a caller answered in the middle of the stack is runnable without context") {
    Meeting here;
    REQUIRE_OK(here.make());
    Relay relays{here.endpoint, here.second, here.reply};
    Holder holds{here.second, here.spare_reply, here.notification};
    Caller calls{here.endpoint};
    Thread relay;
    Thread holder;
    Thread caller;
    REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
    REQUIRE_OK(start_passive(relay, here.memory, relays, far_above));
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    here.reply->send(word(5)); // the first caller, whose context is two servers further on
    CHECK_EQUAL(calls.answer, Meeting::nothing);
    CHECK_REFUSED(caller.context().unbind_object(caller.tcb()), abi::Error::illegal_operation);
    REQUIRE_VALUE(other, test::make_context(here.memory));
    REQUIRE_OK(other->bind(caller.tcb()));
    CHECK_EQUAL(calls.answer, 5);
    // The top still returns to the relay; the bottom of the stack is gone.
    here.spare_reply->send(word(6));
    CHECK_OK(caller.context().unbind_object(relay.tcb()));
}

SYSTEM_TEST("a caller that has got another context meanwhile does not take the one that comes back") {
    Meeting here;
    REQUIRE_OK(here.make());
    Holder holds{here.endpoint, here.reply, here.notification};
    Caller calls{here.endpoint};
    Thread holder;
    Thread caller;
    REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    REQUIRE_VALUE(other, test::make_context(here.memory));
    REQUIRE_OK(other->bind(caller.tcb()));
    here.reply->send(word(5));
    CHECK_EQUAL(calls.answer, 5);
    CHECK_OK(other->unbind_object(caller.tcb()));
    CHECK_OK(caller.context().unbind_object(holder.tcb())); // it stayed with the server
}

SYSTEM_TEST("suspending or deleting a waiting caller breaks the stack; the context stays where it is") {
    for (const bool deletes : {false, true}) {
        Meeting here;
        REQUIRE_OK(here.make());
        Holder holds{here.endpoint, here.reply, here.notification};
        Caller calls{here.endpoint};
        Thread holder;
        Thread caller;
        REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
        REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
        if (deletes)
            REQUIRE_OK(test::space().at(caller.tcb().slot()).remove());
        else
            REQUIRE_OK(caller.tcb().suspend());
        here.notification->signal(); // the server goes on, on the context that it was given
        CHECK_EQUAL(holds.stage, 2);
        here.reply->send(word(1));
        CHECK_EQUAL(calls.answer, Meeting::nothing);
        CHECK_OK(caller.context().unbind_object(holder.tcb()));
    }
}

SYSTEM_TEST("Unbind drops thread and reply stack: the callers wait on, and are answered without context") {
    Meeting here;
    REQUIRE_OK(here.make());
    Holder holds{here.endpoint, here.reply, here.notification};
    Caller calls{here.endpoint};
    Thread holder;
    Thread caller;
    REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    REQUIRE_OK(caller.context().unbind());
    here.notification->signal();
    CHECK_EQUAL(holds.stage, 1); // no context any more
    here.reply->send(word(5));
    CHECK_EQUAL(calls.answer, Meeting::nothing);
    REQUIRE_OK(caller.context().bind(caller.tcb())); // idle, it can go to either
    CHECK_EQUAL(calls.answer, 5);
}

SYSTEM_TEST("a context deleted while a server has it: both wait for another, and nothing else is lost") {
    Meeting here;
    REQUIRE_OK(here.make());
    Holder holds{here.endpoint, here.reply, here.notification};
    Caller calls{here.endpoint};
    Thread holder;
    Thread caller;
    REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    REQUIRE_OK(test::space().at(caller.context().slot()).remove());
    here.notification->signal();
    CHECK_EQUAL(holds.stage, 1);
    REQUIRE_OK(holder.context().bind(holder.tcb()));
    CHECK_EQUAL(holds.stage, 2);
    here.reply->send(word(5));
    REQUIRE_VALUE(other, test::make_context(here.memory));
    REQUIRE_OK(other->bind(caller.tcb()));
    CHECK_EQUAL(calls.answer, 5);
}

SYSTEM_TEST("a server deleted while it has its caller's context takes that with it; the caller waits on") {
    Meeting here;
    REQUIRE_OK(here.make());
    Holder holds{here.endpoint, here.reply, here.notification};
    Caller calls{here.endpoint};
    Thread caller;
    {
        Thread holder;
        REQUIRE_OK(start_passive(holder, here.memory, holds, far_above));
        REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
        CHECK_EQUAL(holds.stage, 1);
    }
    CHECK_EQUAL(calls.answer, Meeting::nothing);
    // Free now, but it still remembers the way that it came: the answer brings it back.
    here.reply->send(word(5));
    CHECK_EQUAL(calls.answer, 5);
}

SYSTEM_TEST("a fault gives its context to a passive handler, and the answer gives it back") {
    Meeting here;
    REQUIRE_OK(here.make());
    test::Subject subject;
    REQUIRE_OK(subject.make(above));
    volatile Word faults = 0;
    auto handles = [&] {
        subject.victim.faults().receive(here.reply);
        for (;;) {
            faults = faults + 1;
            // Over the UD2, which is two bytes long, to the next one.
            subject.victim.faults().reply_receive({MessageInfo(0, 1), test::Victim::address_of(snippet_spin)},
                                                  here.reply);
        }
    };
    Thread handler;
    REQUIRE_OK(start_passive(handler, here.memory, handles, far_above));
    REQUIRE_OK(subject.victim.tcb().set_priority(test::own_tcb(), test::base_priority));
    REQUIRE_OK(subject.victim.start(snippet_done));
    REQUIRE(test::wait_until([&] { return faults == 1 && subject.victim.registers()[abi::UserRegister::rax] > 0; }));
    CHECK_OK(subject.victim.context().unbind_object(subject.victim.tcb()));
}
