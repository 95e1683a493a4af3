// SPDX-License-Identifier: BSD-2-Clause
// The system calls between threads that share the root task's space.
#include <tests/system/foreign/kit.hpp>

using namespace foreign;

namespace {

constexpr Word above = base_priority + 1;

struct Meeting {
    Word endpoint = make(type_endpoint), reply = make(type_reply), notification = make(type_notification);
    Word go_on = make(type_notification);
    volatile Word seen[8] = {};
    unsigned count = 0;
};

/// Answers every call with the sum of its words and the badge, by ReplyRecv.
void serve_sums(void* argument) {
    auto& here = *static_cast<Meeting*>(argument);
    Registers registers = enter(sys_recv, {here.endpoint}, here.reply);
    for (;;) {
        Word sum = 0;
        for (Word i = 0; i < length_of(registers.info); ++i)
            sum += i < 4 ? registers.mr[i] : ipc_buffer->words[i];
        const Word badge = registers.target;
        registers =
            enter(sys_reply_recv, {here.endpoint, make_info(label_of(registers.info), 2), {sum, badge}}, here.reply);
    }
}

} // namespace

SYSTEM_TEST("foreign: Call and ReplyRecv with messages of every length, by a passive server") {
    Meeting here;
    Thread server;
    NEED(server.start(serve_sums, &here, above));
    EXPECT(invoke(server.context, sched_unbind).ok());
    const Word badged = new_slot();
    NEED(mint(badged, here.endpoint, 0xfeed));
    Word words[120];
    for (Word i = 0; i < 120; ++i)
        words[i] = i * i;
    for (Word length = 0; length <= 120; ++length) {
        Word sum = 0;
        for (Word i = 0; i < length; ++i)
            sum += words[i];
        const Message answer = call(badged, 0xa'bcde, {words, length});
        EXPECT_EQUAL(answer.label(), 0xa'bcde);
        EXPECT_EQUAL(answer.words[0], sum);
        EXPECT_EQUAL(answer.words[1], 0xfeed);
    }
    server.end();
}

SYSTEM_TEST("foreign: a thousand round trips take about as many ticks each time") {
    Meeting here;
    Thread server;
    NEED(server.start(serve_sums, &here, above));
    invoke(server.context, sched_unbind);
    Word least = ~Word{0}, most = 0;
    for (unsigned round = 0; round < 10; ++round) {
        const Word start = now();
        for (unsigned i = 0; i < 100; ++i)
            enter(sys_call, {here.endpoint, make_info(1, 1), {i}});
        const Word took = now() - start;
        least = took < least ? took : least;
        most = took > most ? took : most;
    }
    EXPECT(least > 100 * 100);
    EXPECT(most < 2 * least);
    server.end();
}

SYSTEM_TEST("foreign: Send waits for a receiver, NBSend does not; Recv, NBRecv, Wait and NBWait take what is there") {
    static Meeting here;
    here = Meeting();
    Thread sender;
    NEED(sender.start(
        [](void*) {
            send(here.endpoint, 1, only(11));
            here.count = 1;
            send(here.endpoint, 2, only(22));
            here.count = 2;
            wait(here.go_on);
            send(here.endpoint, 3, only(33));
            here.count = 3;
        },
        nullptr, above));
    EXPECT_EQUAL(here.count, 0);
    EXPECT_EQUAL(receive(here.endpoint, here.reply).words[0], 11);
    EXPECT_EQUAL(here.count, 1);
    EXPECT_EQUAL(enter(sys_nb_wait, {here.endpoint}).mr[0], 22);
    EXPECT_EQUAL(here.count, 2);
    EXPECT(!poll(here.endpoint, here.reply).is_there());
    enter(sys_nb_send, {here.endpoint, make_info(9, 0)}); // nobody waits
    signal(here.go_on);
    EXPECT_EQUAL(enter(sys_wait, {here.endpoint}).mr[0], 33);
    EXPECT_EQUAL(here.count, 3);
    sender.end();
}

SYSTEM_TEST("foreign: NBSendRecv and NBSendWait signal first, and then receive") {
    Meeting here;
    const Word badged = new_slot();
    NEED(mint(badged, here.notification, 0x10));
    EXPECT_EQUAL(enter(sys_nb_send_wait, {here.notification}, badged).target, 0x10);
    EXPECT_EQUAL(enter(sys_nb_send_recv, {here.notification}, here.reply, badged).target, 0x10);
    EXPECT_EQUAL(poll_notification(here.notification), 0);
}

SYSTEM_TEST("foreign: a capability travels into the receive slot; one to the endpoint itself becomes its badge") {
    static Meeting here;
    here = Meeting();
    static Word badged;
    badged = new_slot();
    NEED(mint(badged, here.endpoint, 0x77));
    Thread sender;
    NEED(sender.start(
        [](void*) {
            ipc_buffer->caps_or_badges[0] = badged;
            ipc_buffer->caps_or_badges[1] = here.notification;
            enter(sys_send, {here.endpoint, make_info(5, 0, 2)});
        },
        nullptr, above));
    const Word slot = new_slot();
    ipc_buffer->receive_root = cap_cnode;
    ipc_buffer->receive_index = slot;
    ipc_buffer->receive_depth = 64;
    const Message message = receive(here.endpoint, here.reply);
    EXPECT_EQUAL(caps_of(message.info), 2);
    EXPECT_EQUAL(unwrapped_of(message.info), 1);
    EXPECT_EQUAL(ipc_buffer->caps_or_badges[0], 0x77);
    ipc_buffer->receive_depth = 0;
    const Word signalled = new_slot();
    NEED(mint(signalled, slot, 4));
    signal(signalled);
    EXPECT_EQUAL(poll_notification(here.notification), 4);
    sender.end();
}

SYSTEM_TEST("foreign: a bound notification wakes its thread on an endpoint, with only a badge") {
    static Meeting here;
    here = Meeting();
    const Word badged = new_slot();
    NEED(mint(badged, here.notification, 0x8000'0000'0000'0001));
    Thread receiver;
    NEED(receiver.start(
        [](void*) {
            for (;;)
                here.seen[here.count++ & 7] = receive(here.endpoint, here.reply).badge;
        },
        nullptr, above));
    NEED(invoke_caps(receiver.tcb, tcb_bind_notification, {here.notification}).ok());
    signal(badged);
    EXPECT_EQUAL(here.count, 1);
    EXPECT_EQUAL(here.seen[0], 0x8000'0000'0000'0001);
    EXPECT(invoke(receiver.tcb, tcb_unbind_notification).ok());
    receiver.end();
}

SYSTEM_TEST("foreign: registers of a waiting thread: the IP of its SYSCALL, and its number") {
    static Meeting here;
    here = Meeting();
    Thread waiter;
    NEED(waiter.start([](void*) { wait(here.notification); }, nullptr, above));
    const Answer read = invoke(waiter.tcb, tcb_read_registers, {0, 20});
    NEED(read.ok());
    EXPECT_EQUAL(read.length, 20);
    EXPECT_EQUAL(*reinterpret_cast<const uint16_t*>(read.words[reg_rip]), 0x050f); // SYSCALL
    EXPECT_EQUAL(read.words[reg_rdx], static_cast<Word>(sys_wait));
    EXPECT_EQUAL(read.words[reg_rdi], here.notification);
    EXPECT(read.words[reg_fs] != 0);
    EXPECT(invoke(waiter.tcb, tcb_suspend).ok());
    EXPECT(invoke(waiter.tcb, tcb_resume).ok());
    signal(here.notification);
    waiter.end();
}
