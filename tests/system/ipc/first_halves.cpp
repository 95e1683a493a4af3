// SPDX-License-Identifier: BSD-2-Clause
// The first halves of NBSendRecv and NBSendWait: what they send, what they refuse, and that the second half follows.
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
