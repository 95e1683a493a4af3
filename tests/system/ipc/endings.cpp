// SPDX-License-Identifier: BSD-2-Clause
// What becomes of those who wait when what they wait on goes: deleted, revoked, cancelled.
#include <tests/system/ipc/meeting.hpp>

using abi::Invocation;
using abi::MessageInfo;
using abi::Syscall;
using abi::UserRegister;
using sys::Badge;
using sys::Rights;
using test::above;
using test::Cap;
using test::Fault;
using test::Meeting;
using test::Subject;
using test::Thread;
using test::word;
using test::Word;

namespace {

/// Starts a victim that executes one system call on its slot 1, which holds `cap`; reply object in slot 2.
sys::Result<void> start_waiting(Subject& subject, Syscall number, const sys::SlotRef& cap, sys::Reply reply = {}) {
    TRY(subject.make(above));
    TRY(subject.victim.slot(1).copy_from(cap));
    if (!reply.is_null())
        TRY(subject.victim.slot(2).copy_from(test::space().at(reply.slot())));
    sys::UserRegisters registers = test::system_call(number, 1, MessageInfo(6, 1).raw());
    registers[UserRegister::r10] = 5;
    registers[UserRegister::r12] = 2;
    return subject.victim.start(snippet_syscall, registers);
}

/// A sender with a badge, for the cases of CancelBadgedSends.
struct Sender {
    sys::Endpoint to;
    Word value = 0;
    volatile Word label = Meeting::nothing; ///< of the answer to its Call
    void operator()() { label = to.call(word(value)).label(); }
};

sys::Result<void> cancel(const sys::SlotRef& slot) { return slot.cancel_badged_sends(); }

} // namespace

SYSTEM_TEST("deleting an endpoint: queued senders send again, into an empty slot") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (const Syscall number : {Syscall::call, Syscall::send}) {
        REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), here.memory));
        Subject subjects[2];
        for (Subject& subject : subjects)
            REQUIRE_OK(start_waiting(subject, number, endpoint.ref()));
        // Their capabilities go with the original's descendants, and the endpoint with its last one.
        REQUIRE_OK(endpoint.ref().revoke());
        CHECK(!subjects[0].victim.next_fault(0).has_value());
        endpoint.reset();
        for (Subject& subject : subjects) {
            REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
            const Word info = subject.victim.registers()[UserRegister::rsi];
            CHECK_EQUAL(info, number == Syscall::call ? MessageInfo(2, 1).raw() : MessageInfo(6, 1).raw());
        }
    }
}

SYSTEM_TEST("deleting an endpoint: queued receivers receive again, and fault") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (const Syscall number : {Syscall::recv, Syscall::wait, Syscall::reply_recv, Syscall::nb_send_wait}) {
        REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), here.memory));
        Subject subjects[2];
        REQUIRE_OK(start_waiting(subjects[0], number, endpoint.ref(), here.reply));
        REQUIRE_OK(start_waiting(subjects[1], number, endpoint.ref(), here.spare_reply));
        REQUIRE_OK(endpoint.ref().revoke());
        endpoint.reset();
        for (Subject& subject : subjects) {
            const auto fault = subject.victim.next_fault(0);
            REQUIRE(fault.has_value());
            CHECK(fault->kind == abi::Fault::cap_fault);
            CHECK_EQUAL(fault->words[1], 1);
            CHECK_EQUAL(fault->words[2], 1);
        }
        here.reply->send({}); // and their reply objects are free
        here.spare_reply->send({});
    }
}

SYSTEM_TEST("deleting an endpoint: threads queued there with a fault stop") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_VALUE(handler, sys::make_object<sys::Endpoint>(test::space(), here.memory));
    REQUIRE_OK(subject.victim.tcb().set_space(handler.get(), subject.victim.cnode(), abi::CNodeData(0, 58).raw(),
                                              subject.victim.space().root()));
    REQUIRE_OK(subject.victim.start(snippet_done));
    REQUIRE_OK(handler.ref().revoke()); // the thread's own copy goes; the message stays queued
    handler.reset();
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rip], test::Victim::address_of(snippet_done));
    // Resumed with a handler, it faults anew.
    REQUIRE_OK(subject.victim.tcb().set_space(subject.victim.faults(), subject.victim.cnode(),
                                              abi::CNodeData(0, 58).raw(), subject.victim.space().root()));
    CHECK(!subject.victim.next_fault(0).has_value());
    REQUIRE_OK(subject.victim.tcb().resume());
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
}

SYSTEM_TEST("revoking a sender's capability while it is queued does not stop its message; the next one meets the gap") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(badged, here.badged(7));
    Subject subject;
    REQUIRE_OK(start_waiting(subject, Syscall::send, badged.ref()));
    REQUIRE_OK(badged.ref().revoke());
    const sys::Received received = here.endpoint->receive_if_there(here.reply);
    CHECK_EQUAL(received.badge.value, 7);
    CHECK_EQUAL(received.mr0, 5);
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    REQUIRE(subject.victim.run(snippet_syscall, test::system_call(Syscall::call, 1)).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rsi], MessageInfo(2, 1).raw());
}

SYSTEM_TEST("revoking while a caller waits for its answer does not take the answer from it") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(badged, here.badged(7));
    Subject subject;
    REQUIRE_OK(start_waiting(subject, Syscall::call, badged.ref()));
    CHECK_EQUAL(here.take(), 5);
    REQUIRE_OK(badged.ref().revoke());
    here.endpoint.reset();
    here.reply->send({MessageInfo(9, 1), 99});
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::r10], 99);
}

SYSTEM_TEST("revoking the untyped of endpoint, reply and server at once ends a call in progress; the caller stops") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    Subject subject;
    REQUIRE_OK(start_waiting(subject, Syscall::call, endpoint.ref()));
    CHECK_EQUAL(endpoint->receive_if_there(reply).mr0, 5);
    REQUIRE_OK(memory.ref().revoke());
    CHECK(!subject.victim.next_fault(0).has_value());
    REQUIRE_OK(subject.victim.tcb().resume()); // calls again: there is nothing
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rsi], MessageInfo(2, 1).raw());
    REQUIRE_VALUE(whole, test::make_untyped(16, memory));
}

SYSTEM_TEST("CancelBadgedSends: senders with this badge send again from the start, all others keep their places") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(first, here.badged(1));
    REQUIRE_VALUE(second, here.badged(2));
    Sender senders[4] = {{first, 10}, {second, 20}, {first, 11}, {second, 21}};
    Thread threads[4];
    for (unsigned i = 0; i < 4; ++i)
        REQUIRE_OK(threads[i].start(here.memory, senders[i], {.priority = above}));
    REQUIRE_OK(cancel(first.ref()));
    // Those with badge 1 have queued again, behind.
    for (const Word expected : {Word{20}, Word{21}})
        CHECK_EQUAL(here.take(), expected);
    const Word one = here.take(), other = here.take();
    CHECK((one == 10 && other == 11) || (one == 11 && other == 10));
}

SYSTEM_TEST("CancelBadgedSends after Revoke: senders whose capability is gone are told so") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(badged, here.badged(1));
    REQUIRE_VALUE(other, here.badged(2));
    Subject subjects[2];
    REQUIRE_OK(start_waiting(subjects[0], Syscall::call, badged.ref()));
    REQUIRE_OK(start_waiting(subjects[1], Syscall::call, other.ref()));
    REQUIRE_OK(badged.ref().revoke());
    REQUIRE_OK(cancel(badged.ref()));
    REQUIRE(subjects[0].victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subjects[0].victim.registers()[UserRegister::rsi], MessageInfo(2, 1).raw());
    CHECK_EQUAL(subjects[0].victim.registers()[UserRegister::r10], 0);
    const sys::Received received = here.endpoint->receive_if_there(here.reply);
    CHECK_EQUAL(received.badge.value, 2);
}

SYSTEM_TEST("CancelBadgedSends: does nothing for badge 0, for receivers and for nobody") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(badged, here.badged(1));
    CHECK_OK(cancel(here.endpoint.ref()));
    CHECK_OK(cancel(badged.ref()));
    Sender sends{here.endpoint, 3};
    Thread sender;
    REQUIRE_OK(sender.start(here.memory, sends, {.priority = above}));
    CHECK_OK(cancel(here.endpoint.ref())); // it is queued with badge 0
    CHECK_OK(cancel(badged.ref()));
    CHECK_EQUAL(here.take(), 3);
    Subject faulted; // a fault of badge 0 stays queued, too
    REQUIRE_OK(faulted.make(above));
    REQUIRE_OK(faulted.victim.tcb().set_space(here.endpoint.get(), faulted.victim.cnode(), abi::CNodeData(0, 58).raw(),
                                              faulted.victim.space().root()));
    REQUIRE_OK(faulted.victim.start(snippet_done));
    CHECK_OK(cancel(here.endpoint.ref()));
    CHECK_EQUAL(here.endpoint->receive_if_there(here.reply).label(), static_cast<Word>(abi::Fault::user_exception));
    volatile Word got = 0;
    auto receives = [&] { got = here.second->receive(here.spare_reply).mr0; };
    Thread receiver;
    REQUIRE_OK(receiver.start(here.memory, receives, {.priority = above}));
    REQUIRE_VALUE(second_badged, sys::mint_cap(test::space(), here.second.get(), Rights::all(), Badge{1}));
    CHECK_OK(cancel(second_badged.ref()));
    here.second->send_if_awaited(word(4));
    CHECK_EQUAL(got, 4);
}

SYSTEM_TEST("CancelBadgedSends: a thread that is queued with a fault of this badge stops") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(badged, here.badged(9));
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.tcb().set_space(badged.get(), subject.victim.cnode(), abi::CNodeData(0, 58).raw(),
                                              subject.victim.space().root()));
    REQUIRE_OK(subject.victim.start(snippet_done));
    REQUIRE_OK(cancel(badged.ref()));
    CHECK_EQUAL(here.take(), Meeting::nothing);
    REQUIRE_OK(subject.victim.tcb().resume());
    const sys::Received received = here.endpoint->receive_if_there(here.reply);
    CHECK_EQUAL(received.badge.value, 9);
    CHECK_EQUAL(received.label(), static_cast<Word>(abi::Fault::user_exception));
}

SYSTEM_TEST("CancelBadgedSends needs all four rights, and an endpoint") {
    Meeting here;
    REQUIRE_OK(here.make());
    for (Word mask = 0; mask < 16; ++mask) {
        REQUIRE_VALUE(badged, here.badged(1, Rights(mask)));
        if (mask == 15)
            CHECK_OK(cancel(badged.ref()));
        else
            CHECK_REFUSED(cancel(badged.ref()), abi::Error::illegal_operation);
    }
    CHECK_REFUSED(cancel(here.notification.ref()), abi::Error::illegal_operation);
    CHECK_REFUSED(cancel(here.reply.ref()), abi::Error::illegal_operation);
}

SYSTEM_TEST("a client that dies at any step of a call leaves its server able to serve the next") {
    enum Step { before_sending, queued, taken, answered, steps };
    for (unsigned step = 0; step < steps; ++step) {
        Meeting here;
        REQUIRE_OK(here.make());
        {
            Subject client;
            REQUIRE_OK(client.make(above));
            REQUIRE_OK(client.victim.slot(1).copy_from(here.endpoint.ref()));
            sys::UserRegisters call = test::system_call(Syscall::call, 1, MessageInfo(1, 1).raw());
            if (step >= queued)
                REQUIRE_OK(client.victim.start(snippet_syscall, call));
            if (step >= taken)
                REQUIRE(CHECK_EQUAL(here.take(), 0));
            if (step >= answered)
                here.reply->send({});
        }
        here.reply->send({}); // to whoever is not there any more
        Sender sends{here.endpoint, 40 + step};
        Thread next;
        REQUIRE_OK(next.start(here.memory, sends, {.priority = above}));
        CHECK_EQUAL(here.take(), 40 + step);
        here.reply->send(sys::Message::of_label(3));
        CHECK_EQUAL(sends.label, 3);
    }
}

SYSTEM_TEST("a fault handler that dies at any step leaves its thread faulted, and a new one can take over") {
    enum Step { before_fault, queued, taken, steps };
    for (unsigned step = 0; step < steps; ++step) {
        Meeting here;
        REQUIRE_OK(here.make());
        Subject subject;
        REQUIRE_OK(subject.make(above));
        const sys::Tcb tcb = subject.victim.tcb();
        const auto set_handler = [&](sys::Endpoint to) {
            return tcb.set_space(to, subject.victim.cnode(), abi::CNodeData(0, 58).raw(),
                                 subject.victim.space().root());
        };
        sys::UserRegisters registers;
        registers[UserRegister::rdi] = 0x600000;
        {
            REQUIRE_VALUE(old_handler, sys::make_object<sys::Endpoint>(test::space(), here.memory));
            REQUIRE_VALUE(old_reply, sys::make_object<sys::Reply>(test::space(), here.memory));
            REQUIRE_OK(set_handler(old_handler));
            if (step >= queued)
                REQUIRE_OK(subject.victim.start(snippet_load, registers));
            if (step >= taken)
                REQUIRE(old_handler->receive_if_there(old_reply).label() == static_cast<Word>(abi::Fault::vm_fault));
            REQUIRE_OK(old_handler.ref().revoke());
        } // handler and reply object are gone
        REQUIRE_OK(set_handler(here.endpoint));
        REQUIRE_OK(step == before_fault ? subject.victim.start(snippet_load, registers) : tcb.resume());
        const sys::Received received = here.endpoint->receive_if_there(here.reply);
        CHECK_EQUAL(received.label(), static_cast<Word>(abi::Fault::vm_fault));
        CHECK_EQUAL(received.mr1, 0x600000);
        REQUIRE_OK(subject.victim.space().map_new(0x600000, sys::PageAccess::read_only()));
        here.reply->send({}); // it goes on: to the UD2 behind
        CHECK_EQUAL(here.endpoint->receive_if_there(here.reply).label(), static_cast<Word>(abi::Fault::user_exception));
    }
}

SYSTEM_TEST("two threads that would handle each other's faults both wait, and the machine goes on") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_VALUE(first_faults, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(second_faults, sys::make_object<sys::Endpoint>(test::space(), memory));
    auto traps = [] { sys::raw::trap(); };
    Thread first;
    Thread second;
    REQUIRE_OK(first.start(memory, traps, {.priority = above, .fault_handler = first_faults}));
    REQUIRE_OK(second.start(memory, traps, {.priority = above, .fault_handler = second_faults}));
    // Neither gets to receive the other's; somebody else can.
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    CHECK_EQUAL(first_faults->receive_if_there(reply).label(), static_cast<Word>(abi::Fault::user_exception));
    CHECK_EQUAL(second_faults->receive_if_there(reply).label(), static_cast<Word>(abi::Fault::user_exception));
    CHECK(!first.is_done() && !second.is_done());
}

SYSTEM_TEST("a chain of handlers that all fault is as deep as there are threads, and can be taken down from outside") {
    constexpr unsigned depth = 12;
    REQUIRE_VALUE(memory, test::make_untyped(18));
    Cap<sys::Endpoint> faults[depth + 1];
    Cap<sys::Reply> replies[depth];
    for (unsigned i = 0; i <= depth; ++i) {
        REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
        faults[i] = std::move(endpoint);
    }
    struct Handler {
        sys::Endpoint own;
        sys::Reply reply;
        volatile bool reached = false;
        void operator()() {
            own.receive(reply);
            reached = true;
            sys::raw::trap();
        }
    } handlers[depth];
    auto traps = [] { sys::raw::trap(); };
    Thread threads[depth];
    Thread victim;
    for (unsigned i = 0; i < depth; ++i) { // handler i waits for faults of the one before, and faults to the next
        REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
        replies[i] = std::move(reply);
        handlers[i].own = faults[i];
        handlers[i].reply = replies[i];
        REQUIRE_OK(threads[i].start(memory, handlers[i], {.priority = above, .fault_handler = faults[i + 1]}));
        REQUIRE_OK(threads[i].context().unbind()); // each works on the time of the first
    }
    REQUIRE_OK(victim.start(memory, traps, {.priority = above, .fault_handler = faults[0]}));
    for (const Handler& handler : handlers)
        CHECK(handler.reached);
    // The end of the chain answers: only the last handler goes on, and faults again.
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    CHECK_EQUAL(faults[depth]->receive_if_there(reply).label(), static_cast<Word>(abi::Fault::user_exception));
    reply->send({});
    CHECK_EQUAL(faults[depth]->receive_if_there(reply).label(), static_cast<Word>(abi::Fault::user_exception));
}
