// SPDX-License-Identifier: BSD-2-Clause
// The eleven system calls at register level: what each takes, gives back and leaves alone.
#include <tests/system/ipc/meeting.hpp>

using abi::MessageInfo;
using abi::Syscall;
using abi::UserRegister;
using test::above;
using test::Fault;
using test::Meeting;
using test::Subject;
using test::Thread;
using test::Word;

namespace {

constexpr UserRegister message_registers[] = {UserRegister::r10, UserRegister::r8, UserRegister::r9, UserRegister::r15};

/// A victim with a capability to each of a meeting's objects: 1 endpoint, 2 notification, 3 reply, 4 second endpoint.
struct Party : Subject {
    Meeting here;
    sys::UserRegisters before;

    sys::Result<void> make_party() {
        TRY(here.make());
        TRY(make(above));
        TRY(victim.slot(1).copy_from(here.endpoint.ref()));
        TRY(victim.slot(2).copy_from(here.notification.ref()));
        TRY(victim.slot(3).copy_from(here.reply.ref()));
        return victim.slot(4).copy_from(here.second.ref());
    }
    /// Every register has a value of its own; then one SYSCALL.
    sys::Result<void> start(Syscall number, Word target, Word info = 0, Word r12 = 3, Word r13 = 60) {
        for (unsigned i = 3; i < 18; ++i)
            before.words[i] = 0x1111'1111'1111'0000 + i;
        before[UserRegister::rdx] = static_cast<Word>(number);
        before[UserRegister::rdi] = target;
        before[UserRegister::rsi] = info;
        before[UserRegister::r12] = r12;
        before[UserRegister::r13] = r13;
        before[UserRegister::rsp] = 0x7777'7770;
        before[UserRegister::rip] = test::Victim::address_of(snippet_syscall);
        before[UserRegister::rflags] = 0xa46; // carry off, parity, zero and overflow on
        return victim.start(snippet_syscall, before);
    }
    bool came_back() { return victim.next_fault(0).value_or(Fault{}).is_done(); }
    /// After it came back: RCX and R11 may be anything, these were to change, all others are as they were.
    bool kept_all_but(std::initializer_list<UserRegister> changed, const test::Where& where) {
        const sys::UserRegisters after = victim.registers();
        for (unsigned i = 1; i < 20; ++i) {
            const auto which = static_cast<UserRegister>(i);
            bool free = which == UserRegister::rcx || which == UserRegister::r11;
            for (const UserRegister one : changed)
                free = free || which == one;
            const Word mask = which == UserRegister::rflags ? ~Word{0x10000} : ~Word{0}; // the exception may set RF
            const Word expected = which == UserRegister::rflags ? 0xa46 : before.words[i];
            if (!free && !test::check_equal(after.words[i] & mask, expected, where))
                return false;
        }
        return test::check_equal(after.words[0], before.words[0] + 2, where);
    }
    Word now(UserRegister which) { return victim.registers()[which]; }
};

#define CHECK_KEPT(party, ...) CHECK((party).kept_all_but({__VA_ARGS__}, TEST_WHERE("registers")))

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

SYSTEM_TEST("first halves that cannot be looked up, refused or undeliverable are silent; the second half happens") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_OK(party.victim.slot(6).copy_from(party.here.endpoint.ref(), sys::Rights(14)));
    const auto takes_message = [&](Syscall number, Word r12, Word r13) {
        auto sends = [&] { party.here.second->send(test::word(77)); };
        Thread sender;
        if (!sender.start(party.here.memory, sends, {.priority = above}))
            return false;
        if (!party.start(number, 4, MessageInfo(5, 4).raw(), r12, r13))
            return false;
        return CHECK(party.came_back()) && CHECK_EQUAL(party.now(UserRegister::r10), 77);
    };
    const Word nowhere = Word{1} << 50;
    for (const Word first : {nowhere, Word{0}, Word{50}, Word{6}, Word{1}}) { // 1: an endpoint where nobody waits
        CHECK(takes_message(Syscall::nb_send_recv, 3, first));
        CHECK(takes_message(Syscall::nb_send_wait, first, 0));
    }
    CHECK_EQUAL(party.here.take(), Meeting::nothing);
}

SYSTEM_TEST("first halves that answer or signal or deliver do so before the second half receives") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_VALUE(badged,
                  sys::mint_cap(test::space(), party.here.notification.get(), sys::Rights::all(), sys::Badge{1}));
    REQUIRE_OK(party.victim.slot(9).copy_from(badged.ref()));
    // A signal to the notification that it then waits on.
    REQUIRE_OK(party.start(Syscall::nb_send_wait, 2, 0, 9));
    REQUIRE(party.came_back());
    CHECK_EQUAL(party.now(UserRegister::rdi), 1);
    REQUIRE_OK(party.start(Syscall::nb_send_recv, 2, 0, 3, 9));
    REQUIRE(party.came_back());
    CHECK_EQUAL(party.now(UserRegister::rdi), 1);
    // A message to somebody who waits: the sender's registers are read before those of what it receives are written.
    volatile Word got = 0;
    auto receives = [&] { got = party.here.endpoint->wait().mr1; };
    Thread receiver;
    REQUIRE_OK(receiver.start(party.here.memory, receives, {.priority = test::far_above}));
    badged->signal();
    REQUIRE_OK(party.start(Syscall::nb_send_recv, 2, MessageInfo(4, 4).raw(), 3, 1));
    REQUIRE(party.came_back());
    CHECK_EQUAL(got, party.before[UserRegister::r8]);
}

SYSTEM_TEST("first halves refuse TCB, CNode, DomainSet and scheduling capabilities; other objects are invoked") {
    Party party;
    REQUIRE_OK(party.make_party());
    Subject target;
    REQUIRE_OK(target.make(test::below));
    REQUIRE_OK(target.victim.start(snippet_spin));
    REQUIRE_OK(party.victim.slot(10).copy_from(test::space().at(target.victim.tcb().slot())));
    REQUIRE_OK(party.victim.slot(11).copy_from(test::space().at(target.victim.context().slot())));
    REQUIRE_OK(party.victim.slot(12).copy_from(test::space().at(party.victim.cnode().slot())));
    REQUIRE_OK(party.victim.slot(20).copy_from(party.here.endpoint.ref()));
    REQUIRE_VALUE(badged,
                  sys::mint_cap(test::space(), party.here.notification.get(), sys::Rights::all(), sys::Badge{1}));
    const auto first_half = [&](Word cap, abi::Invocation method, unsigned length, Word mr0, Word mr1) {
        badged->signal();
        sys::UserRegisters registers =
            test::system_call(Syscall::nb_send_wait, 2, MessageInfo(static_cast<Word>(method), length).raw());
        registers[UserRegister::r12] = cap;
        registers[UserRegister::r10] = mr0;
        registers[UserRegister::r8] = mr1;
        return party.victim.start(snippet_syscall, registers) && CHECK(party.came_back());
    };
    REQUIRE(first_half(10, abi::Invocation::tcb_suspend, 0, 0, 0));
    REQUIRE(first_half(10, abi::Invocation::tcb_set_tls_base, 1, 0x401000, 0));
    REQUIRE(first_half(11, abi::Invocation::sched_context_unbind, 0, 0, 0));
    REQUIRE(first_half(12, abi::Invocation::cnode_delete, 2, 20, test::Victim::cnode_bits));
    CHECK_EQUAL(target.victim.registers()[UserRegister::fs_base], 0);
    CHECK(test::is_bound_elsewhere(target.victim.context(), party.victim.tcb()));
    CHECK_REFUSED(party.victim.slot(20).copy_from(party.here.endpoint.ref()), abi::Error::delete_first);
    // A frame is unmapped that way.
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    const Word page = test::take_window_page();
    REQUIRE_OK(party.victim.slot(13).copy_from(frame.ref()));
    REQUIRE_PLACE(mapped);
    REQUIRE_OK(mapped.ref().move_from(party.victim.slot(13)));
    REQUIRE_OK(sys::Frame(mapped.number()).map(test::own_space(), page, sys::PageAccess::read_only()));
    REQUIRE_OK(party.victim.slot(13).move_from(mapped.ref()));
    REQUIRE(first_half(13, abi::Invocation::page_unmap, 0, 0, 0));
    REQUIRE_OK(mapped.ref().move_from(party.victim.slot(13)));
    const Word other = test::take_window_page(); // a mapped one could not go there
    CHECK_OK(sys::Frame(mapped.number()).map(test::own_space(), other, sys::PageAccess::read_only()));
    test::release_window_page(other);
    test::release_window_page(page);
}
