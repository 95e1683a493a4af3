// SPDX-License-Identifier: BSD-2-Clause
// Suspending, resuming, binding and deleting threads, in whatever state they are.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::UserRegister;
using sys::Message;
using test::above;
using test::Cap;
using test::Fault;
using test::invoke;
using test::Subject;
using test::Thread;
using test::Victim;
using test::Word;

namespace {

/// Memory, an endpoint, a notification and a reply object for a case.
struct Meeting {
    Cap<sys::Untyped> memory;
    Cap<sys::Endpoint> endpoint;
    Cap<sys::Notification> notification;
    Cap<sys::Reply> reply;

    sys::Result<void> make() {
        memory = TRY(test::make_untyped(17));
        endpoint = TRY(sys::make_object<sys::Endpoint>(test::space(), memory));
        notification = TRY(sys::make_object<sys::Notification>(test::space(), memory));
        reply = TRY(sys::make_object<sys::Reply>(test::space(), memory));
        return {};
    }
    /// A message that waits on the endpoint: its first word, or ~0.
    Word take() const {
        const auto received = test::receive_within(endpoint, reply, 0);
        return received ? received->mr0 : ~Word{0};
    }
};

sys::UserRegisters system_call(abi::Syscall number, Word target, Word info = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdx] = static_cast<Word>(number);
    registers[UserRegister::rdi] = target;
    registers[UserRegister::rsi] = info;
    return registers;
}

} // namespace

SYSTEM_TEST("Resume without scheduling context succeeds; the thread runs once it has one") {
    Meeting here;
    REQUIRE_OK(here.make());
    volatile Word runs = 0;
    auto body = [&] { runs = runs + 1; };
    Thread thread;
    REQUIRE_OK(thread.start(here.memory, body, {.priority = above, .passive = true}));
    CHECK_EQUAL(runs, 0);
    REQUIRE_VALUE(context, sys::make_object<sys::SchedContext>(test::space(), here.memory, 8));
    REQUIRE_OK(context->bind(thread.tcb())); // not configured: has no time
    CHECK_EQUAL(runs, 0);
    REQUIRE_OK(test::sched_control().configure(context, {{5000}, {5000}}));
    CHECK_EQUAL(runs, 1);
}

SYSTEM_TEST("Resume of a runnable thread, and of a thread twice, does nothing") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.start(snippet_spin));
    test::yield();
    const Word before = subject.victim.registers()[UserRegister::rax];
    for (unsigned i = 0; i < 3; ++i)
        CHECK_OK(subject.victim.tcb().resume());
    test::yield();
    CHECK(subject.victim.registers()[UserRegister::rax] > before);
    CHECK_OK(test::own_tcb().resume());
}

SYSTEM_TEST("a thread suspended while runnable continues behind its last instruction") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.start(snippet_spin));
    for (unsigned round = 0; round < 5; ++round) {
        test::yield();
        REQUIRE_OK(subject.victim.tcb().suspend());
        CHECK_OK(subject.victim.tcb().suspend()); // twice is once
        const Word stopped = subject.victim.registers()[UserRegister::rax];
        test::yield();
        CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], stopped);
        REQUIRE_OK(subject.victim.tcb().resume());
        test::yield();
        CHECK(subject.victim.registers()[UserRegister::rax] > stopped);
    }
}

SYSTEM_TEST("a thread that suspends itself executes that again at each Resume") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.slot(1).copy_from(test::space().at(subject.victim.tcb().slot())));
    const Word info = abi::MessageInfo(static_cast<Word>(Invocation::tcb_suspend), 0).raw();
    for (const abi::Syscall by : {abi::Syscall::call, abi::Syscall::send}) {
        REQUIRE_OK(subject.victim.start(snippet_syscall, system_call(by, 1, info)));
        for (unsigned i = 0; i < 3; ++i) {
            CHECK_EQUAL(subject.victim.registers()[UserRegister::rip], Victim::address_of(snippet_syscall));
            CHECK_EQUAL(subject.victim.registers()[UserRegister::rdi], 1);
            CHECK_EQUAL(subject.victim.registers()[UserRegister::rsi], info);
            REQUIRE_OK(subject.victim.tcb().resume());
        }
        CHECK(!subject.victim.next_fault(0).has_value());
    }
}

SYSTEM_TEST("as long as a thread waits its IP is that of its SYSCALL, and its inputs are intact") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_OK(subject.victim.slot(1).copy_from(here.endpoint.ref()));
    REQUIRE_OK(subject.victim.slot(2).copy_from(here.notification.ref()));
    REQUIRE_OK(subject.victim.slot(3).copy_from(here.reply.ref()));
    struct Case {
        abi::Syscall number;
        Word target;
    };
    for (const Case& which : {Case{abi::Syscall::call, 1}, Case{abi::Syscall::send, 1}, Case{abi::Syscall::recv, 1},
                              Case{abi::Syscall::wait, 1}, Case{abi::Syscall::wait, 2}, Case{abi::Syscall::recv, 2},
                              Case{abi::Syscall::reply_recv, 1}, Case{abi::Syscall::nb_send_recv, 1},
                              Case{abi::Syscall::nb_send_wait, 1}}) {
        sys::UserRegisters registers;
        for (unsigned i = 3; i < 18; ++i)
            registers.words[i] = 0x111 * i;
        registers[UserRegister::rdx] = static_cast<Word>(which.number);
        registers[UserRegister::rdi] = which.target;
        registers[UserRegister::rsi] = abi::MessageInfo(7, 4).raw();
        registers[UserRegister::r12] = which.number == abi::Syscall::nb_send_wait ? 9 : 3;
        registers[UserRegister::r13] = 9;
        REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
        const sys::UserRegisters found = subject.victim.registers();
        CHECK_EQUAL(found[UserRegister::rip], Victim::address_of(snippet_syscall));
        for (unsigned i = 3; i < 18; ++i) {
            const bool clobbered =
                i == static_cast<unsigned>(UserRegister::rcx) || i == static_cast<unsigned>(UserRegister::r11);
            if (!clobbered)
                CHECK_EQUAL(found.words[i], registers.words[i]);
        }
        REQUIRE_OK(subject.victim.tcb().suspend());
    }
}

SYSTEM_TEST("Suspend takes a sender out of the queue; Resume lets it send again") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.slot(1).copy_from(here.endpoint.ref()));
    sys::UserRegisters registers = system_call(abi::Syscall::send, 1, abi::MessageInfo(5, 1).raw());
    registers[UserRegister::r10] = 321;
    REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
    REQUIRE_OK(subject.victim.tcb().suspend());
    CHECK_EQUAL(here.take(), ~Word{0});
    REQUIRE_OK(subject.victim.tcb().resume());
    CHECK_EQUAL(here.take(), 321);
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
}

SYSTEM_TEST("Resume of a thread that waits makes it call anew: it queues behind its equals") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subjects[3];
    for (Word i = 0; i < 3; ++i) {
        REQUIRE_OK(subjects[i].make(above));
        REQUIRE_OK(subjects[i].victim.slot(1).copy_from(here.endpoint.ref()));
        sys::UserRegisters registers = system_call(abi::Syscall::send, 1, abi::MessageInfo(5, 1).raw());
        registers[UserRegister::r10] = i;
        REQUIRE_OK(subjects[i].victim.start(snippet_syscall, registers));
    }
    REQUIRE_OK(subjects[0].victim.tcb().resume());
    for (const Word expected : {Word{1}, Word{2}, Word{0}})
        CHECK_EQUAL(here.take(), expected);
}

SYSTEM_TEST("WriteRegisters with resume gets a thread out of whatever it waits for") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.slot(1).copy_from(here.endpoint.ref()));
    REQUIRE_OK(subject.victim.slot(2).copy_from(here.notification.ref()));
    REQUIRE_OK(subject.victim.slot(3).copy_from(here.reply.ref()));
    for (const abi::Syscall number : {abi::Syscall::call, abi::Syscall::send, abi::Syscall::recv, abi::Syscall::wait}) {
        sys::UserRegisters registers = system_call(number, number == abi::Syscall::wait ? 2 : 1);
        registers[UserRegister::r12] = 3;
        REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
        REQUIRE_OK(subject.victim.start(snippet_done));
        CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    }
    CHECK_EQUAL(here.take(), ~Word{0}); // nothing is left in the queue
}

SYSTEM_TEST("WriteRegisters without resume leaves a waiting thread waiting; what it waits for still happens") {
    Meeting here;
    REQUIRE_OK(here.make());
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), here.notification.get(), sys::Rights::all(), sys::Badge{6}));
    REQUIRE_OK(subject.victim.slot(2).copy_from(here.notification.ref()));
    REQUIRE_OK(subject.victim.start(snippet_syscall, system_call(abi::Syscall::wait, 2)));
    sys::UserRegisters registers = subject.victim.registers();
    registers[UserRegister::rbx] = 0xb0b;
    REQUIRE_OK(subject.victim.tcb().write_registers(registers, abi::user_register_count, false));
    CHECK(!subject.victim.next_fault(0).has_value());
    badged->signal();
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rbx], 0xb0b);
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rdi], 6);
}

SYSTEM_TEST("Resume forgets a pending fault: the instruction is executed again") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = 0x600000;
    REQUIRE_OK(subject.victim.start(snippet_load, registers)); // its fault waits in the handler's queue
    REQUIRE_OK(subject.victim.space().map_new(0x600000, sys::PageAccess::read_only()));
    REQUIRE_OK(subject.victim.tcb().resume());
    const auto fault = subject.victim.next_fault(0);
    REQUIRE(fault.has_value());
    CHECK(fault->is_done()); // the load succeeded, and the old fault is nowhere
    CHECK(!subject.victim.next_fault(0).has_value());
}

SYSTEM_TEST("Suspend of a faulted thread drops its message; Resume faults again") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.start(snippet_done));
    REQUIRE_OK(subject.victim.tcb().suspend());
    CHECK(!subject.victim.next_fault(0).has_value());
    REQUIRE_OK(subject.victim.tcb().resume());
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
}

SYSTEM_TEST("a faulted thread whose message was taken can be resumed without an answer; the answer then does nothing") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE(subject.victim.run(snippet_done).is_done());
    REQUIRE_OK(subject.victim.start(snippet_divide));
    subject.victim.reply(); // to a thread that has gone on
    const auto fault = subject.victim.next_fault(0);
    REQUIRE(fault.has_value());
    CHECK(fault->is_exception(0));
}

SYSTEM_TEST("BindNotification: every refusal is an illegal operation") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(first, sys::make_object<sys::Tcb>(test::space(), here.memory));
    REQUIRE_VALUE(second, sys::make_object<sys::Tcb>(test::space(), here.memory));
    REQUIRE_VALUE(other, sys::make_object<sys::Notification>(test::space(), here.memory));
    REQUIRE_VALUE(deaf, sys::copy_cap(test::space(), here.notification.get(), sys::Rights(13)));
    const auto bind = [](sys::Tcb tcb, test::AnyCap to) {
        return invoke(tcb, Invocation::tcb_bind_notification, {}, {to});
    };
    CHECK_ANSWER(bind(first, deaf), illegal_operation);
    CHECK_ANSWER(bind(first, here.endpoint), illegal_operation);
    CHECK_ANSWER(bind(first, Word{0}), illegal_operation);
    CHECK_DONE(bind(first, here.notification));
    CHECK_ANSWER(bind(first, other), illegal_operation);              // the thread is bound
    CHECK_ANSWER(bind(first, here.notification), illegal_operation);  // even to the same
    CHECK_ANSWER(bind(second, here.notification), illegal_operation); // the notification is
    CHECK_OK(first->unbind_notification());
    CHECK_ANSWER(invoke(first, Invocation::tcb_unbind_notification), illegal_operation);
    auto waits = [&] { static_cast<void>(here.notification->wait()); };
    Thread waiter;
    REQUIRE_OK(waiter.start(here.memory, waits, {.priority = above}));
    CHECK_ANSWER(bind(first, here.notification), illegal_operation); // somebody waits on it
    here.notification->signal();
    CHECK_DONE(bind(first, here.notification));
}

SYSTEM_TEST("BindNotification: a notification that holds a signal may be bound, and is taken at the next receive") {
    Meeting here;
    REQUIRE_OK(here.make());
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), here.notification.get(), sys::Rights::all(), sys::Badge{3}));
    badged->signal();
    REQUIRE_OK(test::own_tcb().bind_notification(here.notification));
    const sys::Received received = here.endpoint->receive_if_there(here.reply);
    CHECK_EQUAL(received.badge.value, 3);
    CHECK_OK(test::own_tcb().unbind_notification());
}

SYSTEM_TEST("a thread can be deleted in every state; queues, objects and its context go on without it") {
    Meeting here;
    REQUIRE_OK(here.make());
    enum State { fresh, ready, sending, calling, receiving, waiting, awaiting_reply, faulted, fault_taken, states };
    for (unsigned state = 0; state < states; ++state) {
        Subject subject;
        REQUIRE_OK(subject.make(state == ready ? test::below : above));
        REQUIRE_OK(subject.victim.slot(1).copy_from(here.endpoint.ref()));
        REQUIRE_OK(subject.victim.slot(2).copy_from(here.notification.ref()));
        REQUIRE_OK(subject.victim.slot(3).copy_from(here.reply.ref()));
        const auto start = [&](abi::Syscall number, Word target) {
            sys::UserRegisters registers = system_call(number, target, abi::MessageInfo(8, 1).raw());
            registers[UserRegister::r12] = 3;
            return subject.victim.start(snippet_syscall, registers);
        };
        switch (static_cast<State>(state)) {
        case fresh: break;
        case ready: REQUIRE_OK(subject.victim.start(snippet_spin)); break;
        case sending: REQUIRE_OK(start(abi::Syscall::send, 1)); break;
        case calling: REQUIRE_OK(start(abi::Syscall::call, 1)); break;
        case receiving: REQUIRE_OK(start(abi::Syscall::recv, 1)); break;
        case waiting: REQUIRE_OK(start(abi::Syscall::wait, 2)); break;
        case awaiting_reply:
            REQUIRE_OK(start(abi::Syscall::call, 1));
            CHECK_EQUAL(here.take(), 0);
            break;
        case faulted: REQUIRE_OK(subject.victim.start(snippet_done)); break;
        case fault_taken: REQUIRE(subject.victim.run(snippet_done).is_done()); break;
        case states: break;
        }
        const sys::Endpoint faults = subject.victim.faults();
        const sys::Reply reply = subject.victim.reply_object();
        REQUIRE_OK(test::space().at(subject.victim.tcb().slot()).remove());
        // Nobody is in any queue, the reply objects are idle, and the context is free for another thread.
        CHECK_EQUAL(here.take(), ~Word{0});
        CHECK(!test::receive_within(faults, reply, 0).has_value());
        here.reply->send(Message::of_label(1));
        reply.send(Message::of_label(0));
        REQUIRE_VALUE(heir, sys::make_object<sys::Tcb>(test::space(), here.memory));
        CHECK_OK(subject.victim.context().bind(heir));
    }
}

SYSTEM_TEST("a thread that deletes itself leaves its FPU registers to nobody: the next one has its own") {
    constexpr Word own = 0x1357'9bdf'0246'8ace;
    Subject subject;
    REQUIRE_OK(subject.make(test::below));
    REQUIRE_OK(subject.victim.slot(2).copy_from(test::space().at(subject.victim.cnode().slot())));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), subject.memory));
    REQUIRE_VALUE(context, sys::make_object<sys::SchedContext>(test::space(), subject.memory, 8));
    REQUIRE_OK(test::sched_control().configure(context, {{5000}, {5000}}));
    REQUIRE_OK(
        tcb->configure(subject.victim.cnode(), abi::CNodeData(0, 58).raw(), subject.victim.space().root(), 0, {}));
    REQUIRE_OK(tcb->set_sched_params(test::own_tcb(), {}, test::below, context, subject.victim.faults()));
    sys::UserRegisters registers =
        system_call(abi::Syscall::call, 2, abi::MessageInfo(static_cast<Word>(Invocation::cnode_delete), 2).raw());
    registers[UserRegister::rip] = Victim::address_of(snippet_secret_and_syscall);
    registers[UserRegister::r10] = 1;
    registers[UserRegister::r8] = Victim::cnode_bits;
    registers[UserRegister::r14] = 0x5ec2'e75e'c2e7'5ec2;
    REQUIRE_OK(tcb->write_registers(registers, abi::user_register_count, true));
    REQUIRE_OK(subject.victim.slot(1).move_from(tcb.ref())); // its only capability, in its own CSpace
    Word seen = 0;
    asm volatile("movq %0, %%xmm15" : : "r"(own));
    const auto lowered = test::own_tcb().set_priority(test::own_tcb(), sys::Priority{1}); // it runs, and is gone
    asm volatile("movq %%xmm15, %0" : "=r"(seen));
    REQUIRE_OK(test::own_tcb().set_priority(test::own_tcb(), test::base_priority));
    CHECK_OK(lowered);
    CHECK_EQUAL(seen, own);
    CHECK_REFUSED(tcb.ref().move_from(subject.victim.slot(1)), abi::Error::failed_lookup, 1);
}

SYSTEM_TEST("a destroyed thread's FPU state is nobody's: the next thread in its memory has a fresh one") {
    REQUIRE_VALUE(memory, test::make_untyped(Victim::memory_bits));
    for (unsigned round = 0; round < 3; ++round) {
        Victim victim;
        REQUIRE_OK(victim.make(memory));
        REQUIRE_OK(victim.configure());
        REQUIRE(victim.run(snippet_read_xmm0).is_done());
        CHECK_EQUAL(victim.registers()[UserRegister::rax], 0);
        sys::UserRegisters registers;
        registers[UserRegister::rdi] = 0x5ec2e7;
        REQUIRE(victim.run(snippet_sse, registers).is_done());
    }
}
