// SPDX-License-Identifier: BSD-2-Clause
// Messages between threads of one space: words, badges, a capability, a server.
#include <tests/system/ipc/meeting.hpp>

using sys::Badge;
using sys::Message;
using sys::Received;
using sys::Rights;
using test::Cap;
using test::Meeting;
using test::Subject;
using test::Thread;
using test::Word;

namespace {

Meeting* meeting;
volatile Word answer;

/// Serves calls: the sum of the message's words, and the badge.
void serve_sums(Word) {
    Received received = meeting->endpoint->receive(meeting->reply);
    for (;;) {
        sys::MessageReader reader(received);
        Word sum = 0;
        while (reader.words_left() > 0)
            sum += reader.word().value_or(0);
        received = meeting->endpoint->reply_receive({abi::MessageInfo(received.label(), 2), sum, received.badge.value},
                                                    meeting->reply);
    }
}

void call_once(Word value) { answer = meeting->endpoint->call({abi::MessageInfo(9, 1), value}).mr0; }

} // namespace

SYSTEM_TEST("R29: a message of every length arrives whole, and so does its answer") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    Thread server;
    REQUIRE_OK(server.start(here.memory, serve_sums, 0));
    for (Word length = 0; length <= abi::max_message_words; ++length) {
        sys::MessageWriter writer;
        for (Word i = 0; i < length; ++i)
            REQUIRE_OK(writer.word(3 * i + 1));
        const Received answer = here.endpoint->call(writer.finish(17));
        CHECK_EQUAL(answer.label(), 17);
        CHECK_EQUAL(answer.length(), 2);
        REQUIRE(CHECK_EQUAL(answer.mr0, length == 0 ? 0 : 3 * (length * (length - 1) / 2) + length));
    }
}

SYSTEM_TEST("badges tell the server who called; without grant-reply a call is never answered") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    Thread server;
    REQUIRE_OK(server.start(here.memory, serve_sums, 0));
    for (const Word badge : {Word{1}, Word{0x1234'5678'9abc'def0}, ~Word{0}}) {
        REQUIRE_VALUE(client, sys::mint_cap(test::space(), here.endpoint.get(), Rights::all(), Badge{badge}));
        CHECK_EQUAL(client->call(Message::of_label(1)).mr1, badge);
        CHECK_REFUSED(sys::mint_cap(test::space(), client.get(), Rights::all(), Badge{7}),
                      abi::Error::illegal_operation);
    }
    REQUIRE_VALUE(write_only, sys::copy_cap(test::space(), here.endpoint.get(), Rights::write()));
    Meeting poor = {};
    poor.endpoint = std::move(write_only);
    Thread caller;
    meeting = &poor;
    answer = 0xabc;
    REQUIRE_OK(caller.start(here.memory, call_once, 5));
    CHECK(!caller.join(30));
    CHECK_EQUAL(answer, 0xabc);
}

SYSTEM_TEST("a capability travels with a message into the receive slot, with its rights and no more") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subject; // its CSpace has the sender's view: nothing but an endpoint and what is given to it
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.slot(1).copy_from(test::space().at(here.endpoint->slot())));
    REQUIRE_OK(subject.victim.slot(2).copy_from(test::space().at(here.notification->slot()), Rights::write()));
    {
        REQUIRE_VALUE(view, test::View::of(subject.victim.buffer_frame()));
        reinterpret_cast<abi::IpcBuffer*>(view.bytes())->caps_or_badges[0] = 2;
    }
    sys::UserRegisters registers;
    registers[abi::UserRegister::rdx] = static_cast<Word>(abi::Syscall::send);
    registers[abi::UserRegister::rdi] = 1;
    registers[abi::UserRegister::rsi] = abi::MessageInfo(3, 0, 1).raw();
    REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
    REQUIRE_VALUE(slot, test::space().allocate());
    sys::set_receive_slot(test::own_cnode(), slot.number(), abi::word_bits);
    const auto received = test::receive_within(here.endpoint, here.reply);
    sys::clear_receive_slot();
    REQUIRE(received.has_value());
    CHECK_EQUAL(received->info.extra_caps(), 1);
    const auto arrived = Cap<sys::Notification>::adopt(std::move(slot));
    arrived->signal();
    CHECK_EQUAL(here.notification->poll().value, 0); // an unbadged signal, which poll shows as nothing
    REQUIRE(subject.victim.next_fault().value_or(test::Fault{}).is_done());
    // The write right is all there is: receiving through it is a fault, so no read right came along.
    REQUIRE_OK(subject.victim.slot(3).copy_from(test::space().at(arrived.ref().index)));
    registers[abi::UserRegister::rdx] = static_cast<Word>(abi::Syscall::wait);
    registers[abi::UserRegister::rdi] = 3;
    CHECK(subject.victim.run(snippet_syscall, registers).kind == abi::Fault::cap_fault);
}

SYSTEM_TEST("a call through a missing capability is a fault that names the pointer") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const abi::Syscall call : {abi::Syscall::call, abi::Syscall::send, abi::Syscall::recv, abi::Syscall::wait}) {
        sys::UserRegisters registers;
        registers[abi::UserRegister::rdx] = static_cast<Word>(call);
        registers[abi::UserRegister::rdi] = 0x7000'0000'0000'0001; // no such guard
        const test::Fault fault = subject.victim.run(snippet_syscall, registers);
        REQUIRE(fault.kind == abi::Fault::cap_fault);
        CHECK_EQUAL(fault.words[abi::cap_fault::address], 0x7000'0000'0000'0001);
        CHECK_EQUAL(fault.words[abi::cap_fault::in_receive_phase],
                    call == abi::Syscall::recv || call == abi::Syscall::wait);
    }
}

SYSTEM_TEST("a bound notification reaches its thread as a message with only a badge") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_OK(test::own_tcb().bind_notification(here.notification));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), here.notification.get(), Rights::all(), Badge{0x20}));
    badged->signal();
    const Received received = here.endpoint->receive(here.reply);
    CHECK_EQUAL(received.badge.value, 0x20);
    CHECK_EQUAL(received.length(), 0);
    CHECK_REFUSED(test::own_tcb().bind_notification(here.notification), abi::Error::illegal_operation);
    REQUIRE_OK(test::own_tcb().unbind_notification());
}

SYSTEM_TEST("a passive server runs on its caller's time and gives it back") {
    Meeting here;
    REQUIRE_OK(here.make());
    meeting = &here;
    Thread server;
    REQUIRE_OK(server.start(here.memory, serve_sums, 0));
    REQUIRE(CHECK_EQUAL(here.endpoint->call({abi::MessageInfo(1, 1), 41}).mr0, 41));
    REQUIRE_OK(server.context().unbind()); // it waits in ReplyRecv now, and has no time of its own
    for (Word i = 0; i < 100; ++i)
        REQUIRE(CHECK_EQUAL(here.endpoint->call({abi::MessageInfo(1, 1), i}).mr0, i));
}
