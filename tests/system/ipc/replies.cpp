// SPDX-License-Identifier: BSD-2-Clause
// Reply objects: whom they hold, when they are free, and what becomes of who waits on one.
#include <tests/system/ipc/meeting.hpp>

using abi::MessageInfo;
using abi::Syscall;
using sys::Message;
using sys::Received;
using sys::Rights;
using test::above;
using test::Cap;
using test::far_above;
using test::Fault;
using test::Meeting;
using test::Subject;
using test::Thread;
using test::word;
using test::Word;

namespace {

/// Calls once, and notes the first word of the answer.
struct Caller {
    sys::Endpoint to;
    Word send = 0;
    volatile Word answer = Meeting::nothing;
    void operator()() { answer = to.call(word(send)).mr0; }
};

} // namespace

SYSTEM_TEST("Call and answer: the caller waits until the reply object is answered through") {
    Meeting here;
    REQUIRE_OK(here.make());
    Caller calls{here.endpoint, 5};
    Thread caller;
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    CHECK_EQUAL(here.take(), 5);
    CHECK_EQUAL(calls.answer, Meeting::nothing);
    here.reply->send(word(6));
    CHECK_EQUAL(calls.answer, 6);
    CHECK(caller.is_done());
}

SYSTEM_TEST("an idle reply object is answered through without effect, and so is one that was answered already") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (const Syscall number : {Syscall::send, Syscall::nb_send, Syscall::call}) {
        const auto call = test::RawCall::make(number, here.reply, MessageInfo(3, 1).raw(), 8);
        CHECK_EQUAL(MessageInfo(call.registers.info).label(), number == Syscall::call ? 0 : 3);
    }
    struct Twice {
        sys::Endpoint to;
        volatile Word answers[2] = {};
        void operator()() {
            answers[0] = to.call(word(1)).mr0;
            answers[1] = to.call(word(2)).mr0;
        }
    } calls{here.endpoint};
    Thread caller;
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    CHECK_EQUAL(here.take(), 1);
    here.reply->send(word(10));
    here.reply->send(word(11)); // its second call waits on the endpoint, not here: nothing happens to it
    CHECK_EQUAL(calls.answers[0], 10);
    CHECK(!caller.is_done());
    CHECK_EQUAL(here.take(), 2);
    here.reply->send(word(12));
    CHECK_EQUAL(calls.answers[1], 12);
}

SYSTEM_TEST("a second answer never wakes a thread that has called somebody else since") {
    Meeting here;
    REQUIRE_OK(here.make());
    struct Twice {
        sys::Endpoint first, second;
        volatile Word stage = 0;
        void operator()() {
            first.call(word(1));
            stage = 1;
            second.call(word(2));
            stage = 2;
        }
    } calls{here.endpoint, here.second};
    Thread caller;
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    CHECK_EQUAL(here.take(), 1);
    here.reply->send({});
    CHECK_EQUAL(calls.stage, 1);
    const Received received = here.second->receive_if_there(here.spare_reply); // awaits its answer there now
    CHECK_EQUAL(received.mr0, 2);
    here.reply->send({});
    CHECK_EQUAL(calls.stage, 1);
    here.spare_reply->send({});
    CHECK_EQUAL(calls.stage, 2);
}

SYSTEM_TEST("a Call with write but neither grant nor grant-reply arrives, and its caller stops for good") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (Word mask = 1; mask < 16; mask += 2) {
        REQUIRE_VALUE(cap, here.badged(mask, Rights(mask)));
        Caller calls{cap, 100 + mask};
        Thread caller;
        REQUIRE_VALUE(memory, test::make_untyped(14));
        REQUIRE_OK(caller.start(memory, calls, {.priority = above}));
        CHECK_EQUAL(here.take(), 100 + mask);
        here.reply->send(word(1));
        CHECK_EQUAL(calls.answer, (mask & 12) != 0 ? 1 : Meeting::nothing);
        if (calls.answer != 1) { // stopped, not waiting: resumed it calls again
            CHECK_EQUAL(here.take(), Meeting::nothing);
            REQUIRE_OK(caller.tcb().resume());
            CHECK_EQUAL(here.take(), 100 + mask);
        }
    }
}

SYSTEM_TEST("a Call met by a receiver without reply object arrives, and its caller stops for good") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (const bool receiver_first : {false, true}) {
        REQUIRE_VALUE(memory, test::make_untyped(15));
        Caller calls{here.endpoint, 42};
        volatile Word got = 0;
        auto waits = [&] { got = here.endpoint->wait().mr0; };
        Thread caller;
        Thread receiver;
        if (receiver_first)
            REQUIRE_OK(receiver.start(memory, waits, {.priority = above}));
        REQUIRE_OK(caller.start(memory, calls, {.priority = above}));
        if (!receiver_first)
            REQUIRE_OK(receiver.start(memory, waits, {.priority = above}));
        CHECK_EQUAL(got, 42);
        CHECK_EQUAL(calls.answer, Meeting::nothing);
        here.reply->send({});
        here.spare_reply->send({});
        CHECK_EQUAL(calls.answer, Meeting::nothing);
    }
}

SYSTEM_TEST("a fault met by a receiver without reply object arrives, and its thread stops until it is resumed") {
    for (const bool receiver_first : {false, true}) {
        Subject subject;
        REQUIRE_OK(subject.make(test::far_above, 77));
        volatile Word got = 0;
        auto waits = [&] { got = subject.victim.faults().wait().badge.value; };
        Thread receiver;
        REQUIRE_VALUE(memory, test::make_untyped(15));
        if (receiver_first)
            REQUIRE_OK(receiver.start(memory, waits, {.priority = above}));
        REQUIRE_OK(subject.victim.start(snippet_done));
        if (!receiver_first)
            REQUIRE_OK(receiver.start(memory, waits, {.priority = above}));
        CHECK_EQUAL(got, 77);
        subject.victim.reply(); // nobody waits on it
        CHECK(!subject.victim.next_fault(0).has_value());
        REQUIRE_OK(subject.victim.tcb().resume());
        CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    }
}

SYSTEM_TEST("receiving with a reply object that a caller waits on stops that caller") {
    Meeting here;
    REQUIRE_OK(here.make());
    Caller first{here.endpoint, 1};
    Caller second{here.endpoint, 2};
    Thread threads[2];
    REQUIRE_OK(threads[0].start(here.memory, first, {.priority = above}));
    CHECK_EQUAL(here.take(), 1);
    REQUIRE_OK(threads[1].start(here.memory, second, {.priority = above}));
    CHECK_EQUAL(here.take(), 2); // with the same object
    here.reply->send(word(9));
    CHECK_EQUAL(second.answer, 9);
    here.reply->send(word(8));
    CHECK_EQUAL(first.answer, Meeting::nothing);
    REQUIRE_OK(threads[0].tcb().resume()); // it calls again
    CHECK_EQUAL(here.take(), 1);
}

SYSTEM_TEST("receiving with a reply object that another receiver waits with stops that receiver") {
    Meeting here;
    REQUIRE_OK(here.make());
    volatile Word got[2] = {};
    auto first = [&] { got[0] = here.endpoint->receive(here.reply).mr0; };
    auto second = [&] { got[1] = here.second->receive(here.reply).mr0; };
    Thread threads[2];
    REQUIRE_OK(threads[0].start(here.memory, first, {.priority = above}));
    REQUIRE_OK(threads[1].start(here.memory, second, {.priority = above}));
    here.endpoint->send_if_awaited(word(1)); // nobody waits there any longer
    CHECK_EQUAL(got[0], 0);
    here.second->send_if_awaited(word(2));
    CHECK_EQUAL(got[1], 2);
}

SYSTEM_TEST("an NBRecv that finds nobody leaves its reply object alone: nobody is linked to it afterwards") {
    Meeting here;
    REQUIRE_OK(here.make());
    CHECK_EQUAL(here.take(), Meeting::nothing);
    volatile Word got = 0;
    auto receives = [&] { got = here.endpoint->receive(here.reply).mr0; };
    Thread receiver;
    REQUIRE_OK(receiver.start(here.memory, receives, {.priority = above}));
    here.endpoint->send_if_awaited(word(3));
    CHECK_EQUAL(got, 3);
}

SYSTEM_TEST("deleting the last reply capability stops the caller that waits on it, and frees the memory") {
    Meeting here;
    REQUIRE_OK(here.make());
    Caller calls{here.endpoint, 1};
    Thread caller;
    REQUIRE_OK(caller.start(here.memory, calls, {.priority = above}));
    CHECK_EQUAL(here.take(), 1);
    {
        REQUIRE_VALUE(copy, sys::copy_cap(test::space(), here.reply.get()));
        here.reply.reset(); // not the last
        copy->send(word(7));
        CHECK_EQUAL(calls.answer, 7);
    }
    Caller again{here.endpoint, 2};
    Thread second;
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_OK(second.start(memory, again, {.priority = above}));
    const Received received = here.endpoint->receive_if_there(here.spare_reply);
    CHECK_EQUAL(received.mr0, 2);
    here.spare_reply.reset();
    CHECK_EQUAL(again.answer, Meeting::nothing);
    REQUIRE_OK(second.tcb().resume()); // stopped: it calls again, and nobody takes it
    CHECK_EQUAL(again.answer, Meeting::nothing);
}

SYSTEM_TEST("deleting the last reply capability stops the receiver that waits with it") {
    Meeting here;
    REQUIRE_OK(here.make());
    volatile Word got = 0;
    const sys::Reply reply = here.reply;
    auto receives = [&] { got = here.endpoint->receive(reply).mr0; };
    Thread receiver;
    REQUIRE_OK(receiver.start(here.memory, receives, {.priority = above}));
    here.reply.reset();
    here.endpoint->send_if_awaited(word(1));
    CHECK_EQUAL(got, 0);
}

SYSTEM_TEST("ReplyRecv answers and takes the next, a hundred times, whoever is first") {
    Meeting here;
    REQUIRE_OK(here.make());
    constexpr Word calls = 100;
    auto serves = [&] {
        Received received = here.endpoint->receive(here.reply);
        for (;;)
            received = here.endpoint->reply_receive(word(received.mr0 * 2), here.reply);
    };
    struct Client {
        sys::Endpoint to;
        Word start;
        volatile Word right = 0;
        void operator()() {
            for (Word i = start; i < start + calls; ++i)
                right = right + (to.call(word(i)).mr0 == 2 * i);
        }
    } clients[2] = {{here.endpoint, 1000}, {here.endpoint, 5000}};
    Thread server;
    Thread threads[2];
    // One above the server, one below: now the caller comes to a waiting server, now the server to a waiting caller.
    REQUIRE_OK(threads[0].prepare(here.memory, clients[0], {.priority = far_above}));
    REQUIRE_OK(threads[1].prepare(here.memory, clients[1], {.priority = above}));
    REQUIRE_OK(server.start(here.memory, serves, {.priority = above}));
    REQUIRE_OK(threads[1].tcb().resume());
    REQUIRE_OK(threads[0].tcb().resume());
    REQUIRE(test::wait_until([&] { return threads[0].is_done() && threads[1].is_done(); }));
    CHECK_EQUAL(clients[0].right, calls);
    CHECK_EQUAL(clients[1].right, calls);
}

SYSTEM_TEST("ReplyRecv through what is no reply object answers nobody, and faults in its second half") {
    Meeting here;
    REQUIRE_OK(here.make());
    test::Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.slot(1).copy_from(here.endpoint.ref()));
    for (const Word r12 : {Word{1}, Word{30}, Word{1} << 44}) {
        sys::UserRegisters registers = test::system_call(Syscall::reply_recv, 1, MessageInfo(1, 1).raw());
        registers[abi::UserRegister::r12] = r12;
        REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
        const auto fault = subject.victim.next_fault(0);
        REQUIRE(fault.has_value());
        CHECK(fault->kind == abi::Fault::cap_fault);
        CHECK_EQUAL(fault->words[1], r12);
        CHECK_EQUAL(fault->words[2], 1);
    }
    CHECK_EQUAL(here.take(), Meeting::nothing);
}

SYSTEM_TEST("one server may hold several callers, each on a reply object, and answer them in any order") {
    Meeting here;
    REQUIRE_OK(here.make());
    constexpr unsigned count = 4;
    Cap<sys::Reply> replies[count];
    Caller calls[count];
    Thread threads[count];
    for (Word i = 0; i < count; ++i) {
        REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), here.memory));
        replies[i] = std::move(reply);
        calls[i].to = here.endpoint;
        calls[i].send = i;
        REQUIRE_OK(threads[i].start(here.memory, calls[i], {.priority = above}));
        CHECK_EQUAL(here.endpoint->receive_if_there(replies[i]).mr0, i);
    }
    for (const Word i : {Word{2}, Word{0}, Word{3}, Word{1}}) {
        replies[i]->send(word(50 + i));
        CHECK_EQUAL(calls[i].answer, 50 + i);
    }
}

SYSTEM_TEST("a thread that calls an endpoint where only it would receive waits until somebody ends it") {
    Meeting here;
    REQUIRE_OK(here.make());
    Caller calls{here.endpoint, 3};
    Thread thread;
    REQUIRE_OK(thread.start(here.memory, calls, {.priority = above}));
    CHECK(!thread.is_done());
    REQUIRE_OK(thread.tcb().suspend());
    CHECK_EQUAL(here.take(), Meeting::nothing);
}

SYSTEM_TEST("threads that call each other in a ring wait for good; deleting one of them ends it") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(third, sys::make_object<sys::Endpoint>(test::space(), here.memory));
    struct Node {
        sys::Endpoint own, next;
        sys::Reply reply;
        bool starts = false;
        volatile Word stage = 0;
        void operator()() {
            if (!starts)
                own.receive(reply);
            stage = 1;
            next.call(word(1));
            stage = 2;
            reply.send({});
            stage = 3;
        }
    } nodes[3] = {{here.endpoint, here.second, here.reply, true},
                  {here.second, third, here.reply},
                  {third, here.endpoint, here.spare_reply}};
    Thread threads[3];
    REQUIRE_OK(threads[2].start(here.memory, nodes[2], {.priority = above}));
    REQUIRE_OK(threads[1].start(here.memory, nodes[1], {.priority = above}));
    REQUIRE_OK(threads[0].start(here.memory, nodes[0], {.priority = above}));
    for (const Node& node : nodes)
        CHECK_EQUAL(node.stage, 1); // each in its Call
    // Somebody takes the third one's place: its call is answered from outside.
    CHECK_EQUAL(here.endpoint->receive_if_there(here.spare_reply).info.length(), 1);
    REQUIRE_OK(threads[2].tcb().suspend());
    CHECK_EQUAL(nodes[1].stage, 1);
    REQUIRE_OK(test::space().at(here.reply->slot()).remove()); // what the first waits on
    CHECK_EQUAL(nodes[0].stage, 1);
}
