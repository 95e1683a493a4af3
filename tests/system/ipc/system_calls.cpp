// SPDX-License-Identifier: BSD-2-Clause
// The eleven system calls at register level: what each takes, gives back and leaves alone.
#include <tests/system/ipc/party.hpp>

using abi::MessageInfo;
using abi::Syscall;
using abi::UserRegister;
using test::above;
using test::Fault;
using test::Meeting;
using test::Party;
using test::Subject;
using test::Thread;
using test::Word;

namespace {

constexpr UserRegister message_registers[] = {UserRegister::r10, UserRegister::r8, UserRegister::r9, UserRegister::r15};

} // namespace

SYSTEM_TEST("Yield, NBSend to nobody, NBSend to a missing capability: no register changes") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_OK(party.start(Syscall::yield, 1, MessageInfo(5, 4).raw()));
    REQUIRE(party.came_back());
    CHECK_KEPT(party);
    for (const Word target : {Word{1}, Word{50}, Word{1} << 40}) {
        REQUIRE_OK(party.start(Syscall::nb_send, target, MessageInfo(5, 4).raw()));
        REQUIRE(party.came_back());
        CHECK_KEPT(party);
    }
}

SYSTEM_TEST("Send and NBSend to a receiver and to a notification: no register changes") {
    Party party;
    REQUIRE_OK(party.make_party());
    for (const Syscall number : {Syscall::send, Syscall::nb_send}) {
        volatile Word got = 0;
        auto receives = [&] { got = party.here.endpoint->wait().mr2; };
        Thread receiver;
        REQUIRE_OK(receiver.start(party.here.memory, receives, {.priority = test::far_above}));
        REQUIRE_OK(party.start(number, 1, MessageInfo(5, 4).raw()));
        REQUIRE(party.came_back());
        CHECK_KEPT(party);
        CHECK_EQUAL(got, party.before[UserRegister::r9]);
        REQUIRE_OK(party.start(number, 2, MessageInfo(5, 4).raw()));
        REQUIRE(party.came_back());
        CHECK_KEPT(party);
    }
}

SYSTEM_TEST("Send that waited for its receiver: no register changes") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_OK(party.start(Syscall::send, 1, MessageInfo(5, 4).raw()));
    CHECK(!party.came_back());
    CHECK_EQUAL(party.here.take(), party.before[UserRegister::r10]);
    REQUIRE(party.came_back());
    CHECK_KEPT(party);
}

SYSTEM_TEST("a signal, and a poll that finds nothing, change RDI only") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_VALUE(badged,
                  sys::mint_cap(test::space(), party.here.notification.get(), sys::Rights::all(), sys::Badge{0xbad9e}));
    for (const Syscall number : {Syscall::nb_wait, Syscall::nb_recv}) {
        for (const Word target : {Word{1}, Word{2}}) {
            REQUIRE_OK(party.start(number, target, MessageInfo(5, 4).raw()));
            REQUIRE(party.came_back());
            CHECK_KEPT(party, UserRegister::rdi);
            CHECK_EQUAL(party.now(UserRegister::rdi), 0);
        }
        badged->signal();
        REQUIRE_OK(party.start(number, 2, MessageInfo(5, 4).raw()));
        REQUIRE(party.came_back());
        CHECK_KEPT(party, UserRegister::rdi);
        CHECK_EQUAL(party.now(UserRegister::rdi), 0xbad9e);
    }
    for (const Syscall number : {Syscall::wait, Syscall::recv}) { // waiting, and then woken
        REQUIRE_OK(party.start(number, 2, MessageInfo(5, 4).raw()));
        CHECK(!party.came_back());
        badged->signal();
        REQUIRE(party.came_back());
        CHECK_KEPT(party, UserRegister::rdi);
        CHECK_EQUAL(party.now(UserRegister::rdi), 0xbad9e);
    }
}

SYSTEM_TEST(
    "a message of n words changes RDI, RSI and the first n message registers, for a receiver that waits or comes") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_VALUE(badged, party.here.badged(0x99));
    struct Sender {
        sys::Endpoint to;
        unsigned length;
        void operator()() { to.send({MessageInfo(0x123, length), 11, 12, 13, 14}); }
    };
    REQUIRE_VALUE(memory, test::make_untyped(14)); // of one sender after the other
    for (const Syscall number : {Syscall::recv, Syscall::wait, Syscall::nb_recv, Syscall::nb_wait}) {
        const bool polls = number == Syscall::nb_recv || number == Syscall::nb_wait;
        for (unsigned length = 0; length <= 6; ++length) {
            for (const bool receiver_first : {true, false}) {
                if (polls && receiver_first)
                    continue;
                Sender sends{badged, length};
                Thread sender;
                if (!receiver_first)
                    REQUIRE_OK(sender.start(memory, sends, {.priority = above}));
                REQUIRE_OK(party.start(number, 1, MessageInfo(5, 4).raw()));
                if (receiver_first)
                    REQUIRE_OK(sender.start(memory, sends, {.priority = above}));
                REQUIRE(party.came_back());
                switch (length) {
                case 0: CHECK_KEPT(party, UserRegister::rdi, UserRegister::rsi); break;
                case 1: CHECK_KEPT(party, UserRegister::rdi, UserRegister::rsi, UserRegister::r10); break;
                case 2:
                    CHECK_KEPT(party, UserRegister::rdi, UserRegister::rsi, UserRegister::r10, UserRegister::r8);
                    break;
                case 3:
                    CHECK_KEPT(party, UserRegister::rdi, UserRegister::rsi, UserRegister::r10, UserRegister::r8,
                               UserRegister::r9);
                    break;
                default:
                    CHECK_KEPT(party, UserRegister::rdi, UserRegister::rsi, UserRegister::r10, UserRegister::r8,
                               UserRegister::r9, UserRegister::r15);
                }
                CHECK_EQUAL(party.now(UserRegister::rdi), 0x99);
                CHECK_EQUAL(party.now(UserRegister::rsi), MessageInfo(0x123, length).raw());
                for (unsigned i = 0; i < 4 && i < length; ++i)
                    CHECK_EQUAL(party.now(message_registers[i]), 11 + i);
            }
        }
    }
}

SYSTEM_TEST("an answer of n words changes RDI to 0, RSI and the first n message registers of the caller") {
    Party party;
    REQUIRE_OK(party.make_party());
    for (unsigned length = 0; length <= 5; ++length) {
        REQUIRE_OK(party.start(Syscall::call, 1, MessageInfo(5, 4).raw()));
        CHECK_EQUAL(party.here.take(), party.before[UserRegister::r10]);
        party.here.reply->send({MessageInfo(0x321, length), 21, 22, 23, 24});
        REQUIRE(party.came_back());
        CHECK_EQUAL(party.now(UserRegister::rdi), 0);
        CHECK_EQUAL(party.now(UserRegister::rsi), MessageInfo(0x321, length).raw());
        for (unsigned i = 0; i < 4; ++i)
            CHECK_EQUAL(party.now(message_registers[i]), i < length ? 21 + i : party.before[message_registers[i]]);
        CHECK_EQUAL(party.now(UserRegister::r12), party.before[UserRegister::r12]);
        CHECK_EQUAL(party.now(UserRegister::rbx), party.before[UserRegister::rbx]);
    }
}

SYSTEM_TEST("an invocation's answer changes RDI to 0, RSI and as many message registers as it has words") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_OK(party.victim.slot(5).copy_from(test::space().at(party.victim.cnode().slot())));
    // Delete of slot 40, which is empty: success without words.
    party.before = {};
    REQUIRE_OK(party.start(Syscall::call, 5, MessageInfo(19, 2).raw()));
    REQUIRE(party.came_back()); // the depth in R8 is hostile: a range error of two words
    CHECK_KEPT(party, UserRegister::rdi, UserRegister::rsi, UserRegister::r10, UserRegister::r8);
    CHECK_EQUAL(party.now(UserRegister::rdi), 0);
    CHECK_EQUAL(party.now(UserRegister::rsi), MessageInfo(4, 2).raw());
    CHECK_EQUAL(party.now(UserRegister::r10), 1);
    CHECK_EQUAL(party.now(UserRegister::r8), 64);
    for (const Syscall number : {Syscall::send, Syscall::nb_send}) {
        REQUIRE_OK(party.start(number, 5, MessageInfo(19, 2).raw()));
        REQUIRE(party.came_back());
        CHECK_KEPT(party);
    }
}

SYSTEM_TEST(
    "message information: 52 bits of label travel; 121 to 127 words count as 120; unwrapped bits do not travel") {
    Party party;
    REQUIRE_OK(party.make_party());
    for (const Word label : {Word{0}, Word{1}, (Word{1} << 52) - 1, Word{1} << 51}) {
        for (unsigned length = 118; length < 128; ++length) {
            const Word info = label << 12 | 7 << 9 | length;
            REQUIRE_OK(party.start(Syscall::send, 1, info));
            const sys::Received received = party.here.endpoint->receive_if_there(party.here.reply);
            CHECK_EQUAL(received.info.raw(), MessageInfo(label, length > 120 ? 120 : length).raw());
            REQUIRE(party.came_back());
        }
    }
}

SYSTEM_TEST("sending without the write right is invalid capability 0 to a Call and silence to Send and NBSend") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_OK(party.victim.slot(6).copy_from(party.here.endpoint.ref(), sys::Rights(14)));
    REQUIRE_OK(party.victim.slot(7).copy_from(party.here.notification.ref(), sys::Rights(14)));
    for (const Word target : {Word{6}, Word{7}}) {
        REQUIRE_OK(party.start(Syscall::call, target, MessageInfo(5, 4).raw()));
        REQUIRE(party.came_back());
        CHECK_EQUAL(party.now(UserRegister::rsi), MessageInfo(2, 1).raw());
        CHECK_EQUAL(party.now(UserRegister::r10), 0);
        CHECK_EQUAL(party.now(UserRegister::r8), party.before[UserRegister::r8]);
        for (const Syscall number : {Syscall::send, Syscall::nb_send}) {
            REQUIRE_OK(party.start(number, target, MessageInfo(5, 4).raw()));
            REQUIRE(party.came_back());
            CHECK_KEPT(party);
        }
    }
    CHECK_EQUAL(party.here.take(), Meeting::nothing);
}

SYSTEM_TEST("receiving without the read right, or on what is neither endpoint nor notification, is a fault") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_OK(party.victim.slot(6).copy_from(party.here.endpoint.ref(), sys::Rights(13)));
    REQUIRE_OK(party.victim.slot(7).copy_from(party.here.notification.ref(), sys::Rights(13)));
    REQUIRE_OK(party.victim.slot(8).copy_from(test::space().at(party.victim.tcb().slot())));
    for (const Word target : {Word{6}, Word{7}, Word{8}, Word{3}}) {
        for (const Syscall number : {Syscall::recv, Syscall::nb_recv, Syscall::wait, Syscall::nb_wait,
                                     Syscall::reply_recv, Syscall::nb_send_recv, Syscall::nb_send_wait}) {
            REQUIRE_OK(party.start(number, target));
            const Fault fault = party.victim.next_fault(0).value_or(Fault{});
            REQUIRE(fault.kind == abi::Fault::cap_fault);
            CHECK_EQUAL(fault.length, 5);
            CHECK_EQUAL(fault.words[1], target);
            CHECK_EQUAL(fault.words[2], 1);
            CHECK_EQUAL(fault.words[3], 2);
            CHECK_EQUAL(fault.words[4], 0);
        }
    }
}

SYSTEM_TEST(
    "Recv, NBRecv, ReplyRecv, NBSendRecv on an endpoint need a reply object in R12, else fault on R12's pointer") {
    Party party;
    REQUIRE_OK(party.make_party());
    for (const Syscall number : {Syscall::recv, Syscall::nb_recv, Syscall::reply_recv, Syscall::nb_send_recv}) {
        for (const Word r12 : {Word{0}, Word{4}, Word{50}}) { // null, an endpoint, an empty slot
            REQUIRE_OK(party.start(number, 1, 0, r12));
            const Fault fault = party.victim.next_fault(0).value_or(Fault{});
            REQUIRE(fault.kind == abi::Fault::cap_fault);
            CHECK_EQUAL(fault.words[1], r12);
            CHECK_EQUAL(fault.words[2], 1);
            CHECK_EQUAL(fault.words[3], 2);
            CHECK_EQUAL(fault.words[4], 0);
        }
        REQUIRE_OK(party.start(number, 1, 0, Word{1} << 50)); // cannot be looked up
        const Fault fault = party.victim.next_fault(0).value_or(Fault{});
        REQUIRE(fault.kind == abi::Fault::cap_fault);
        CHECK_EQUAL(fault.words[1], Word{1} << 50);
        CHECK_EQUAL(fault.words[2], 1);
        CHECK_EQUAL(fault.words[3], 4);
    }
}

SYSTEM_TEST("on a notification R12 is not looked at, and Wait and NBWait never look at it") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_VALUE(badged,
                  sys::mint_cap(test::space(), party.here.notification.get(), sys::Rights::all(), sys::Badge{1}));
    for (const Syscall number : {Syscall::recv, Syscall::nb_recv, Syscall::reply_recv, Syscall::nb_send_recv,
                                 Syscall::wait, Syscall::nb_wait}) {
        badged->signal();
        REQUIRE_OK(party.start(number, 2, 0, Word{1} << 50, Word{1} << 50));
        REQUIRE(party.came_back());
        CHECK_EQUAL(party.now(UserRegister::rdi), 1);
    }
    for (const Syscall number : {Syscall::wait, Syscall::nb_wait}) {
        auto sends = [&] { party.here.endpoint->send(test::word(9)); };
        Thread sender;
        REQUIRE_OK(sender.start(party.here.memory, sends, {.priority = above}));
        REQUIRE_OK(party.start(number, 1, 0, Word{1} << 50));
        REQUIRE(party.came_back());
        CHECK_EQUAL(party.now(UserRegister::r10), 9);
    }
}
