// SPDX-License-Identifier: BSD-2-Clause
// Capabilities in messages: which travel, which are unwrapped, and where the transfer ends.
#include <tests/system/ipc/meeting.hpp>

using abi::MessageInfo;
using abi::Syscall;
using sys::Badge;
using sys::Received;
using sys::Rights;
using test::above;
using test::AnyCap;
using test::Cap;
using test::Caps;
using test::Meeting;
using test::Place;
using test::Thread;
using test::Word;

namespace {

constexpr unsigned bits = abi::word_bits;

/// Sends these capabilities (by slot number) in one message.
struct Sender {
    sys::Endpoint to;
    Word caps[3] = {};
    unsigned count = 0;
    unsigned length = 0;
    void operator()() {
        abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
        for (unsigned i = 0; i < 3; ++i)
            buffer.caps_or_badges[i] = caps[i];
        to.send({MessageInfo(4, length, count)});
    }
};

/// A meeting where a thread sends capabilities to the case, which has one receive slot.
struct Exchange : Meeting {
    Cap<sys::Untyped> thread_memory;
    Place receive_slot;

    sys::Result<void> make_exchange() {
        TRY(make());
        thread_memory = TRY(test::make_untyped(14));
        new (&receive_slot) Place(TRY(Place::take()));
        open_slot();
        return {};
    }
    void open_slot() { sys::set_receive_slot(test::own_cnode(), receive_slot.number(), bits); }
    ~Exchange() { sys::clear_receive_slot(); }

    Received receive(Sender sender) {
        Thread thread;
        if (!thread.start(thread_memory, sender, {.priority = above}))
            return {};
        return endpoint->receive_if_there(reply);
    }
    Received receive(sys::Endpoint to, std::initializer_list<AnyCap> caps) {
        Sender sender{to};
        for (const AnyCap& cap : caps)
            sender.caps[sender.count++] = cap.slot;
        return receive(sender);
    }
    bool has_arrived() const { return !test::is_empty(receive_slot.number()); }
    bool drop() const { return receive_slot.ref().remove().is_ok(); }
};

Word badge_word(unsigned index) { return sys::raw::ipc_buffer()->caps_or_badges[index]; }

bool check_caps(const Received& received, Word arrived, Word unwrapped, const test::Where& where) {
    return test::check_equal(received.info.extra_caps(), arrived, where) &&
           test::check_equal(received.info.caps_unwrapped(), unwrapped, where);
}
#define CHECK_CAPS(received, arrived, unwrapped) check_caps((received), (arrived), (unwrapped), TEST_WHERE(#received))

} // namespace

SYSTEM_TEST("a capability travels if the sender's capability has grant") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    for (Word mask = 1; mask < 16; mask += 2) {
        REQUIRE_VALUE(cap, here.badged(1, Rights(mask)));
        const Received received = here.receive(cap, {here.notification});
        const bool granted = (mask & 4) != 0;
        CHECK_CAPS(received, granted, 0);
        CHECK_EQUAL(here.has_arrived(), granted);
        CHECK(here.drop());
    }
}

SYSTEM_TEST("the rights of a capability are not reduced on its way, nor does it gain any") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), here.memory));
    for (Word mask = 0; mask < 16; ++mask) {
        REQUIRE_VALUE(sent, sys::copy_cap(test::space(), here.second.get(), Rights(mask)));
        CHECK_CAPS(here.receive(here.endpoint, {sent}), 1, 0);
        const AnyCap arrived = here.receive_slot;
        const auto cancel =
            test::invoke(test::own_cnode(), abi::Invocation::cnode_cancel_badged_sends, {arrived.slot, bits});
        CHECK_EQUAL(cancel.is_done(), mask == 15);
        const auto handler = test::invoke(tcb, abi::Invocation::tcb_set_timeout_endpoint, {}, {arrived});
        CHECK_EQUAL(handler.is_done(), (mask & 1) != 0 && (mask & 12) != 0);
        CHECK(here.drop());
    }
}

SYSTEM_TEST("a capability to the very endpoint used arrives as its badge, with bit i of capsUnwrapped") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(first, here.badged(0xaaa));
    REQUIRE_VALUE(second, here.badged(0xbbb, Rights::read()));
    CHECK_CAPS(here.receive(here.endpoint, {first}), 1, 0b001);
    CHECK_EQUAL(badge_word(0), 0xaaa);
    CHECK_CAPS(here.receive(first, {second, first}), 2, 0b011); // whichever capability to it is used or sent
    CHECK_EQUAL(badge_word(0), 0xbbb);
    CHECK_EQUAL(badge_word(1), 0xaaa);
    CHECK_CAPS(here.receive(here.endpoint, {first, here.endpoint, second}), 3, 0b111);
    CHECK_EQUAL(badge_word(1), 0); // unbadged
    CHECK_EQUAL(badge_word(2), 0xbbb);
    CHECK(!here.has_arrived());
}

SYSTEM_TEST("capabilities are unwrapped and one is installed, in any order") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(badged, here.badged(0xaaa));
    CHECK_CAPS(here.receive(here.endpoint, {badged, here.notification, badged}), 3, 0b101);
    CHECK_EQUAL(badge_word(0), 0xaaa);
    CHECK_EQUAL(badge_word(2), 0xaaa);
    CHECK(here.has_arrived());
    CHECK(here.drop());
    CHECK_CAPS(here.receive(here.endpoint, {here.notification, badged, badged}), 3, 0b110);
    CHECK(here.has_arrived());
}

SYSTEM_TEST("at most one capability is installed: the second ends the transfer, and extraCaps counts those before") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(badged, here.badged(0xaaa));
    CHECK_CAPS(here.receive(here.endpoint, {here.notification, here.second}), 1, 0);
    CHECK(here.drop());
    CHECK_CAPS(here.receive(here.endpoint, {here.notification, here.second, badged}), 1, 0); // not even the badge
    CHECK(here.drop());
    CHECK_CAPS(here.receive(here.endpoint, {badged, here.notification, here.second}), 2, 0b001);
    CHECK(here.drop());
}

SYSTEM_TEST("a receive slot that is taken, missing or badly named ends the transfer at the capability; words arrive") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(badged, here.badged(0xaaa));
    abi::IpcBuffer& own = *sys::raw::ipc_buffer();
    const auto expect_none = [&] {
        Sender sender{here.endpoint, {badged->slot(), here.notification->slot(), badged->slot()}, 3, 2};
        const Received received = here.receive(sender);
        return CHECK_EQUAL(received.length(), 2) && CHECK_CAPS(received, 1, 0b001);
    };
    REQUIRE_OK(here.receive_slot.ref().copy_from(here.second.ref())); // taken
    REQUIRE(expect_none());
    CHECK(here.drop());
    sys::clear_receive_slot();
    REQUIRE(expect_none());
    for (const Word depth : {Word{0}, Word{65}, Word{3}, ~Word{0}}) {
        here.open_slot();
        own.receive_depth = depth;
        REQUIRE(expect_none());
    }
    here.open_slot();
    own.receive_index = Word{1} << 60; // against the guard
    REQUIRE(expect_none());
    for (const Word root : {here.notification->slot(), Word{0}, Word{1} << 60}) { // no CNode, nothing, not even a slot
        here.open_slot();
        own.receive_cnode = root;
        REQUIRE(expect_none());
    }
    CHECK(!here.has_arrived());
    here.open_slot();
    CHECK_CAPS(here.receive(here.endpoint, {here.notification}), 1, 0);
}

SYSTEM_TEST("what arrived lies in the receiver's slot and is a copy: the sender keeps its own") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), here.notification.get(), Rights::all(), Badge{0x10}));
    CHECK_CAPS(here.receive(here.endpoint, {badged}), 1, 0);
    sys::Notification(here.receive_slot.number()).signal();
    CHECK_EQUAL(here.notification->poll().value, 0x10);
    badged->signal();
    CHECK_EQUAL(here.notification->poll().value, 0x10);
    REQUIRE_OK(badged.ref().revoke()); // and a descendant of it
    CHECK(!here.has_arrived());
}

SYSTEM_TEST("the receive slot may be named with fewer than 64 bits, deep in another CNode") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(outer, sys::make_object<sys::CNode>(test::space(), here.memory, 3));
    REQUIRE_OK(here.memory->retype_into(abi::ObjectType::cnode, 2, outer, 6));
    sys::set_receive_slot(outer, 6 << 2 | 1, 5);
    CHECK_CAPS(here.receive(here.endpoint, {here.notification}), 1, 0);
    CHECK_REFUSED(outer->at(6 << 2 | 1, 5).copy_from(here.notification.ref()), abi::Error::delete_first);
    CHECK_OK(outer->at(6 << 2 | 2, 5).copy_from(here.notification.ref()));
}

SYSTEM_TEST("a null capability, and one that cannot be derived, end the transfer") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(badged, here.badged(0xaaa));
    REQUIRE_VALUE(full, test::make_untyped(12));
    REQUIRE_VALUE(child, sys::make_object<sys::Endpoint>(test::space(), full));
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), here.memory));
    for (const AnyCap& stuck : {AnyCap(Word{0}), AnyCap(full), AnyCap(table), AnyCap(abi::root_slot::irq_control)}) {
        CHECK_CAPS(here.receive(here.endpoint, {badged, stuck, badged}), 1, 0b001);
        CHECK_CAPS(here.receive(here.endpoint, {stuck, here.notification}), 0, 0);
    }
    CHECK(!here.has_arrived());
}

SYSTEM_TEST("an untyped without children travels, and its source counts as full until the copy is gone") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(memory, test::make_untyped(12));
    CHECK_CAPS(here.receive(here.endpoint, {memory}), 1, 0);
    REQUIRE_PLACE(place);
    CHECK_REFUSED(memory->retype_into(abi::ObjectType::endpoint, 0, test::own_cnode(), place.number()),
                  abi::Error::not_enough_memory, 0);
    CHECK_OK(sys::Untyped(here.receive_slot.number())
                 .retype_into(abi::ObjectType::frame_4k, 0, test::own_cnode(), place.number()));
}

SYSTEM_TEST("a mapped frame travels as one that is not mapped") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), here.memory));
    const Word page = test::take_window_page(), other = test::take_window_page();
    REQUIRE_OK(frame->map(test::own_space(), page, sys::PageAccess::read_write()));
    *reinterpret_cast<volatile Word*>(page) = 0x1234;
    CHECK_CAPS(here.receive(here.endpoint, {frame}), 1, 0);
    CHECK_OK(sys::Frame(here.receive_slot.number()).map(test::own_space(), other, sys::PageAccess::read_only()));
    CHECK_EQUAL(*reinterpret_cast<volatile Word*>(other), 0x1234);
    test::release_window_page(other);
    test::release_window_page(page);
    CHECK(here.drop());
}

SYSTEM_TEST("an answer carries a capability if the reply capability has grant, whatever the caller's endpoint had") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    REQUIRE_VALUE(mute, sys::copy_cap(test::space(), here.reply.get(), Rights::write()));
    REQUIRE_VALUE(call_only, here.badged(1, Rights::write() | Rights::grant_reply()));
    for (const bool with_grant : {true, false}) {
        auto serves = [&] {
            here.endpoint->receive(here.reply);
            sys::raw::ipc_buffer()->caps_or_badges[0] = here.notification->slot();
            (with_grant ? here.reply.get() : mute.get()).send({MessageInfo(1, 0, 1)});
        };
        Thread server;
        REQUIRE_OK(server.start(here.thread_memory, serves, {.priority = above}));
        const Received answer = call_only->call(sys::Message::of_label(2));
        CHECK_CAPS(answer, with_grant, 0);
        CHECK_EQUAL(here.has_arrived(), with_grant);
        CHECK(here.drop());
    }
}

SYSTEM_TEST("a sender or receiver without IPC buffer exchanges words only") {
    Exchange here;
    REQUIRE_OK(here.make_exchange());
    test::Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.slot(1).copy_from(here.endpoint.ref()));
    REQUIRE_OK(subject.victim.tcb().set_ipc_buffer(0, {}));
    REQUIRE_OK(subject.victim.start(snippet_syscall, test::system_call(Syscall::send, 1, MessageInfo(1, 9, 3).raw())));
    const Received received = here.endpoint->receive_if_there(here.reply);
    CHECK_EQUAL(received.length(), 4);
    CHECK_CAPS(received, 0, 0);
    CHECK(subject.victim.next_fault(0).value_or(test::Fault{}).is_done());
    REQUIRE_OK(subject.victim.start(snippet_syscall, test::system_call(Syscall::wait, 1)));
    Sender sender{here.endpoint, {here.notification->slot(), here.endpoint->slot()}, 2, 6};
    Thread thread;
    REQUIRE_OK(thread.start(here.thread_memory, sender, {.priority = test::far_above}));
    REQUIRE(subject.victim.next_fault(0).value_or(test::Fault{}).is_done());
    const MessageInfo got(subject.victim.registers()[abi::UserRegister::rsi]);
    CHECK_EQUAL(got.length(), 4);
    CHECK_EQUAL(got.extra_caps(), 0);
    CHECK_EQUAL(got.caps_unwrapped(), 0);
}
