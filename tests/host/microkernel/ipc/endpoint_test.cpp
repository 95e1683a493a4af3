// SPDX-License-Identifier: BSD-2-Clause
// Messages through endpoints: who gets what, and when.
#include <support/ipc_pair.hpp>

#include <lifetime/delete.hpp>

using namespace test;

TEST_CASE("a call reaches a waiting server and the reply comes back", "[ipc]") {
    Pair pair;
    const Word badged = pair.mint(pair.endpoint_cap, Rights::all(), 77);
    pair.server_waits();
    pair.run(pair.client);
    const CallResult pending = pair.call(pair.client, badged, 5, counting(3));
    CHECK_FALSE(pending.completed);
    CHECK(pair.client.state == ThreadState::awaiting_reply);
    REQUIRE(pair.is_running(pair.server));
    const CallResult request = pair.answer_of(pair.server);
    CHECK(request.completed);
    CHECK(request.label == 5);
    CHECK(request.badge == 77);
    CHECK(request.words == counting(3));
    const CallResult sent = pair.send(pair.server, pair.reply_cap, 9, counting(2, 500));
    CHECK(sent.completed);
    const CallResult reply = pair.answer_of(pair.client);
    CHECK(reply.completed);
    CHECK(reply.label == 9);
    CHECK(reply.badge == 0);
    CHECK(reply.words == counting(2, 500));
}

TEST_CASE("a message of 120 words arrives whole, in both orders of meeting", "[ipc]") {
    for (bool receiver_first : {true, false}) {
        Pair pair;
        if (receiver_first)
            pair.server_waits();
        pair.run(pair.client);
        pair.send(pair.client, pair.endpoint_cap, 1, counting(120));
        if (!receiver_first) {
            CHECK(pair.client.state == ThreadState::sending);
            CHECK(pair.waits(pair.client));
            pair.run(pair.server);
            CHECK(pair.receive(pair.server, pair.endpoint_cap, pair.reply_cap).completed);
        }
        CHECK(pair.answer_of(pair.client).completed);
        CHECK(pair.answer_of(pair.server).words == counting(120));
    }
}

TEST_CASE("a length above 120 counts as 120", "[ipc]") {
    Pair pair;
    pair.server_waits();
    pair.run(pair.client);
    pair.put_message(pair.client, 1, counting(120));
    pair.client.context.rsi |= 127;
    pair.enter(pair.client, Syscall::send, pair.endpoint_cap);
    CHECK(pair.answer_of(pair.server).length == 120);
    CHECK(pair.answer_of(pair.server).words == counting(120));
}

TEST_CASE("without an IPC buffer a message has at most four words", "[ipc]") {
    for (bool sender_has_none : {true, false}) {
        Pair pair;
        pair.server_waits();
        Tcb& without = sender_has_none ? pair.client : pair.server;
        REQUIRE(delete_slot(without.slot(TcbSlot::ipc_buffer)) == Progress::finished);
        pair.run(pair.client);
        pair.put_message(pair.client, 1, counting(10));
        pair.enter(pair.client, Syscall::send, pair.endpoint_cap);
        CHECK(pair.answer_of(pair.server).length == 4);
        CHECK(pair.answer_of(pair.server).words == counting(4));
    }
}

TEST_CASE("MR0 to MR3 travel in registers and leave their words in the buffer alone", "[ipc]") {
    Pair pair;
    for (Word& word : pair.buffer(pair.server).message)
        word = 0xdead;
    pair.server_waits();
    pair.run(pair.client);
    pair.send(pair.client, pair.endpoint_cap, 1, counting(5));
    for (unsigned i = 0; i < 4; i++)
        CHECK(pair.buffer(pair.server).message[i] == 0xdead);
    CHECK(pair.buffer(pair.server).message[4] == 104);
    CHECK(pair.buffer(pair.server).message[5] == 0xdead);
}

TEST_CASE("an answer of n words changes only the first n message registers", "[ipc]") {
    Pair pair;
    pair.server_waits();
    pair.server.context.r10 = 1;
    pair.server.context.r8 = 2;
    pair.server.context.r9 = 3;
    pair.server.context.r15 = 4;
    pair.run(pair.client);
    pair.send(pair.client, pair.endpoint_cap, 1, {99});
    CHECK(pair.server.context.r10 == 99);
    CHECK(pair.server.context.r8 == 2);
    CHECK(pair.server.context.r9 == 3);
    CHECK(pair.server.context.r15 == 4);
}

TEST_CASE("Send, NBSend and Yield change no register but RCX and R11", "[ipc]") {
    for (Syscall number : {Syscall::send, Syscall::nb_send, Syscall::yield}) {
        Pair pair;
        pair.server_waits();
        pair.run(pair.client);
        pair.put_message(pair.client, 3, counting(4));
        Context& context = pair.client.context;
        context.rdi = pair.endpoint_cap;
        context.rdx = static_cast<Word>(number);
        context.rax = 1, context.rbx = 2, context.rbp = 3, context.r12 = 4, context.r13 = 5, context.r14 = 6;
        const Context before = context;
        pair.enter_again(pair.client);
        CHECK(context.rdi == before.rdi);
        CHECK(context.rsi == before.rsi);
        CHECK(context.r10 == before.r10);
        CHECK(context.r8 == before.r8);
        CHECK(context.r9 == before.r9);
        CHECK(context.r15 == before.r15);
        CHECK(context.rax == 1);
        CHECK(context.rbx == 2);
        CHECK(context.rbp == 3);
        CHECK(context.r12 == 4);
        CHECK(context.r13 == 5);
        CHECK(context.r14 == 6);
        CHECK(context.rdx == before.rdx);
        CHECK(context.rsp == before.rsp);
        CHECK(context.rip == syscall_ip + 2);
    }
}

TEST_CASE("NBSend without a receiver vanishes", "[ipc]") {
    Pair pair;
    pair.run(pair.client);
    CHECK(pair.send(pair.client, pair.endpoint_cap, 1, {1}, {}, Syscall::nb_send).completed);
    CHECK(pair.endpoint(pair.endpoint_cap).state() == Endpoint::State::idle);
}

TEST_CASE("an empty poll changes RDI only", "[ipc]") {
    for (Syscall number : {Syscall::nb_recv, Syscall::nb_wait}) {
        Pair pair;
        pair.run(pair.server);
        Context& context = pair.server.context;
        context.rsi = 0x1234;
        context.r10 = 7;
        const CallResult answer = pair.receive(pair.server, pair.endpoint_cap, pair.reply_cap, number);
        CHECK(answer.completed);
        CHECK(context.rdi == 0);
        CHECK(context.rsi == 0x1234);
        CHECK(context.r10 == 7);
    }
}

TEST_CASE("a blocked thread stands at its SYSCALL with its inputs intact", "[ipc]") {
    Pair pair;
    pair.run(pair.client);
    pair.put_message(pair.client, 6, counting(4));
    const Word info = pair.client.context.rsi;
    pair.enter(pair.client, Syscall::call, pair.endpoint_cap);
    CHECK(pair.waits(pair.client));
    CHECK(pair.client.context.rdi == pair.endpoint_cap);
    CHECK(pair.client.context.rsi == info);
    CHECK(pair.client.context.r10 == 100);
    CHECK(pair.client.context.r15 == 103);
}

TEST_CASE("senders are served by priority, then first come first served", "[ipc]") {
    Pair pair;
    std::vector<Word> senders;
    for (uint8_t priority : {10, 200, 10, 200, 100})
        senders.push_back(pair.make_thread(priority));
    for (Word sender : senders) {
        pair.run(pair.thread(sender));
        pair.send(pair.thread(sender), pair.endpoint_cap, sender);
    }
    Words order;
    pair.run(pair.server);
    for (int i = 0; i < 5; i++) {
        order.push_back(pair.receive(pair.server, pair.endpoint_cap, pair.reply_cap).label);
        pair.run(pair.server);
    }
    CHECK(order == Words{senders[1], senders[3], senders[4], senders[0], senders[2]});
}

TEST_CASE("receivers are served by priority", "[ipc]") {
    Pair pair;
    const Word low = pair.make_thread(20);
    const Word high = pair.make_thread(30);
    for (Word receiver : {low, high}) {
        pair.run(pair.thread(receiver));
        pair.receive(pair.thread(receiver), pair.endpoint_cap, 0, Syscall::wait);
    }
    pair.run(pair.client);
    pair.send(pair.client, pair.endpoint_cap, 1);
    CHECK(pair.answer_of(pair.thread(high)).completed);
    CHECK_FALSE(pair.answer_of(pair.thread(low)).completed);
}

TEST_CASE("a changed priority moves a waiting thread behind its equals", "[ipc]") {
    Pair pair;
    const Word first = pair.make_thread(20);
    const Word second = pair.make_thread(10);
    for (Word sender : {first, second}) {
        pair.run(pair.thread(sender));
        pair.send(pair.thread(sender), pair.endpoint_cap, sender);
    }
    pair.run(pair.root());
    CHECK(pair.invoke(second, Method::tcb_set_priority, {20}, {at::tcb}).ok());
    CHECK(pair.endpoint(pair.endpoint_cap).first() == &pair.thread(first));
    CHECK(pair.invoke(second, Method::tcb_set_priority, {21}, {at::tcb}).ok());
    CHECK(pair.endpoint(pair.endpoint_cap).first() == &pair.thread(second));
    CHECK(pair.invoke(second, Method::tcb_set_priority, {5}, {at::tcb}).ok());
    CHECK(pair.endpoint(pair.endpoint_cap).first() == &pair.thread(first));
    CHECK(pair.endpoint(pair.endpoint_cap).state() == Endpoint::State::senders);
}

TEST_CASE("sending without write is InvalidCapability 0 for a Call and nothing for a Send", "[ipc]") {
    Pair pair;
    const Word read_only = pair.mint(pair.endpoint_cap, Rights::read());
    pair.server_waits();
    pair.run(pair.client);
    CHECK(pair.call(pair.client, read_only, 1).is(Error::invalid_capability, {0}));
    CHECK(pair.send(pair.client, read_only, 1).completed);
    CHECK(pair.server.state == ThreadState::receiving);
}

TEST_CASE("receiving without read is a fault in the receive phase", "[ipc][fault]") {
    Pair pair;
    const Word write_only = pair.mint(pair.endpoint_cap, Rights::write());
    for (Word pointer : {write_only, at::cnode, Word{4000}}) {
        pair.run(pair.server);
        CHECK_FALSE(pair.receive(pair.server, pointer, pair.reply_cap).completed);
        CHECK(pair.server.state == ThreadState::stopped);
        CHECK(pair.server.fault.type == Fault::cap_fault);
        CHECK(pair.server.fault.subject == pointer);
        CHECK(pair.server.fault.detail == 1);
        CHECK(pair.server.fault.lookup.type() == abi::LookupFailure::missing_capability);
        Word words[4];
        REQUIRE(pair.server.fault.lookup.write_to(words) == 2);
        CHECK(words[1] == 0);
    }
}

TEST_CASE("receiving on an endpoint needs a reply capability in R12", "[ipc][fault]") {
    for (Syscall number : {Syscall::recv, Syscall::nb_recv, Syscall::reply_recv, Syscall::nb_send_recv}) {
        Pair pair;
        pair.run(pair.server);
        pair.server.context.r13 = 4000;
        CHECK_FALSE(pair.receive(pair.server, pair.endpoint_cap, at::tcb, number).completed);
        CHECK(pair.server.fault.type == Fault::cap_fault);
        CHECK(pair.server.fault.subject == at::tcb);
        CHECK(pair.server.fault.detail == 1);
    }
}

TEST_CASE("Wait and NBWait never look at R12", "[ipc]") {
    Pair pair;
    pair.run(pair.server);
    CHECK(pair.receive(pair.server, pair.endpoint_cap, ~Word{0}, Syscall::nb_wait).completed);
    pair.receive(pair.server, pair.endpoint_cap, ~Word{0}, Syscall::wait);
    CHECK(pair.server.state == ThreadState::receiving);
}

TEST_CASE("a caller met by a receiver without reply object stops for good, its message delivered", "[ipc]") {
    for (bool receiver_first : {true, false}) {
        Pair pair;
        if (receiver_first) {
            pair.run(pair.server);
            pair.receive(pair.server, pair.endpoint_cap, 0, Syscall::wait);
        }
        pair.run(pair.client);
        pair.call(pair.client, pair.endpoint_cap, 3);
        if (!receiver_first) {
            pair.run(pair.server);
            pair.receive(pair.server, pair.endpoint_cap, 0, Syscall::wait);
        }
        CHECK(pair.answer_of(pair.server).completed);
        CHECK(pair.answer_of(pair.server).label == 3);
        CHECK(pair.client.state == ThreadState::stopped);
    }
}

TEST_CASE("a caller without grant and grant-reply stops for good", "[ipc]") {
    Pair pair;
    const Word weak = pair.mint(pair.endpoint_cap, Rights::write());
    pair.server_waits();
    pair.run(pair.client);
    pair.call(pair.client, weak, 3);
    CHECK(pair.answer_of(pair.server).completed);
    CHECK(pair.client.state == ThreadState::stopped);
    CHECK(pair.reply(pair.reply_cap).thread == nullptr);
}

TEST_CASE("grant-reply alone is enough to be answered", "[ipc]") {
    Pair pair;
    const Word enough = pair.mint(pair.endpoint_cap, Rights::write() | Rights::grant_reply());
    pair.server_waits();
    pair.run(pair.client);
    pair.call(pair.client, enough, 3);
    CHECK(pair.client.state == ThreadState::awaiting_reply);
}

TEST_CASE("a lookup that fails is a fault of Call and Send, and silence of NBSend", "[ipc][fault]") {
    for (Syscall number : {Syscall::call, Syscall::send}) {
        Pair pair;
        pair.run(pair.client);
        const Word pointer = bit(40);
        CHECK_FALSE(pair.send(pair.client, pointer, 1, {}, {}, number).completed);
        CHECK(pair.client.fault.type == Fault::cap_fault);
        CHECK(pair.client.fault.subject == pointer);
        CHECK(pair.client.fault.detail == 0);
        CHECK(pair.client.fault.lookup.type() == abi::LookupFailure::guard_mismatch);
    }
    Pair pair;
    pair.run(pair.client);
    CHECK(pair.send(pair.client, bit(40), 1, {}, {}, Syscall::nb_send).completed);
}

TEST_CASE("an extra capability that cannot be looked up is a fault on that pointer", "[ipc][fault]") {
    Pair pair;
    pair.server_waits();
    pair.run(pair.client);
    CHECK_FALSE(pair.call(pair.client, pair.endpoint_cap, 1, {}, {at::tcb, bit(40)}).completed);
    CHECK(pair.client.fault.type == Fault::cap_fault);
    CHECK(pair.client.fault.subject == bit(40));
    CHECK(pair.client.fault.detail == 0);
    CHECK(pair.server.state == ThreadState::receiving);
}

TEST_CASE("an empty slot that can be looked up is InvalidCapability 0, not a fault", "[ipc]") {
    Pair pair;
    pair.run(pair.client);
    CHECK(pair.call(pair.client, 4000, 1).is(Error::invalid_capability, {0}));
    CHECK(pair.send(pair.client, 4000, 1).completed);
}

TEST_CASE("ReplyRecv answers and takes the next call in one entry", "[ipc]") {
    Pair pair;
    pair.server_waits();
    pair.run(pair.client);
    pair.call(pair.client, pair.endpoint_cap, 1);
    REQUIRE(pair.is_running(pair.server));
    pair.reply_receive(pair.server, pair.endpoint_cap, pair.reply_cap, 2, {8});
    CHECK(pair.server.state == ThreadState::receiving);
    CHECK(pair.answer_of(pair.client).label == 2);
    CHECK(pair.answer_of(pair.client).words == Words{8});
    REQUIRE(pair.is_running(pair.client));
    pair.call(pair.client, pair.endpoint_cap, 3);
    CHECK(pair.answer_of(pair.server).label == 3);
}

TEST_CASE("the first half of ReplyRecv is silent if there is nothing to answer", "[ipc]") {
    Pair pair;
    pair.run(pair.server);
    pair.reply_receive(pair.server, pair.endpoint_cap, pair.reply_cap, 2);
    CHECK(pair.server.state == ThreadState::receiving);
    CHECK(pair.reply(pair.reply_cap).thread == &pair.server);
}

TEST_CASE("NBSendRecv sends through R13 and NBSendWait through R12, then both receive", "[ipc]") {
    for (bool with_reply : {true, false}) {
        Pair pair;
        const Word notification = pair.make(ObjectType::notification);
        pair.run(pair.server);
        pair.put_message(pair.server, 0, {});
        (with_reply ? pair.server.context.r13 : pair.server.context.r12) = notification;
        if (with_reply)
            pair.server.context.r12 = pair.reply_cap;
        pair.enter(pair.server, with_reply ? Syscall::nb_send_recv : Syscall::nb_send_wait, pair.endpoint_cap);
        CHECK(pair.notification(notification).state == Notification::State::active);
        CHECK(pair.server.state == ThreadState::receiving);
    }
}

TEST_CASE("the first half of NBSendRecv refuses thread, CNode and scheduling capabilities in silence", "[ipc]") {
    Pair pair;
    const Word victim = pair.make_thread();
    pair.run(pair.thread(victim));
    pair.run(pair.server);
    pair.put_message(pair.server, static_cast<Word>(Method::tcb_suspend), {});
    pair.server.context.r13 = victim;
    pair.receive(pair.server, pair.endpoint_cap, pair.reply_cap, Syscall::nb_send_recv);
    CHECK(pair.thread(victim).state == ThreadState::runnable);
    CHECK(pair.server.state == ThreadState::receiving);
}
