// SPDX-License-Identifier: BSD-2-Clause
// System calls outside the interface proper, as a debug kernel has them; and numbers that are none.
#include <tests/system/ipc/party.hpp>

using abi::Syscall;
using abi::UserRegister;
using test::Fault;
using test::Party;
using test::Subject;
using test::Word;

namespace {

Word identify(Word pointer) { return test::RawCall::make(Syscall::debug_cap_identify, pointer).registers.target; }

} // namespace

SYSTEM_TEST("DebugPutChar, DebugDumpScheduler, DebugNameThread: no register changes") {
    Party party;
    REQUIRE_OK(party.make_party());
    for (const Syscall number : {Syscall::debug_put_char, Syscall::debug_dump_scheduler, Syscall::debug_name_thread}) {
        for (const Word argument : {Word{'\n'}, Word{1}, Word{50}, Word{1} << 40}) {
            REQUIRE_OK(party.start(number, argument, 7));
            REQUIRE(party.came_back());
            CHECK_KEPT(party);
        }
    }
}

SYSTEM_TEST("DebugSnapshot changes MR0 only") {
    Party party;
    REQUIRE_OK(party.make_party());
    REQUIRE_OK(party.start(Syscall::debug_snapshot, 1, 7));
    REQUIRE(party.came_back());
    CHECK_KEPT(party, UserRegister::r10);
    CHECK(party.now(UserRegister::r10) != party.before[UserRegister::r10]);
}

SYSTEM_TEST("DebugNameThread: a name without end, a capability that is no thread, a thread without buffer do no harm") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(view, test::View::of(subject.victim.buffer_frame()));
    __builtin_memset(view.bytes(), 'n', test::page_size);
    REQUIRE_OK(subject.victim.slot(1).copy_from(test::space().at(subject.victim.tcb().slot())));
    REQUIRE_OK(subject.victim.slot(2).copy_from(test::space().at(subject.victim.cnode().slot())));
    const auto names = [&](Word target) {
        sys::UserRegisters registers;
        registers[UserRegister::rdx] = static_cast<Word>(Syscall::debug_name_thread);
        registers[UserRegister::rdi] = target;
        return subject.victim.run(snippet_syscall, registers).is_done();
    };
    for (const Word target : {Word{1}, Word{2}, Word{3}, Word{0}, ~Word{0}})
        CHECK(names(target));
    CHECK_DONE(test::invoke(subject.victim.tcb(), abi::Invocation::tcb_set_ipc_buffer, {0}, {Word{0}}));
    CHECK(names(1));
}

SYSTEM_TEST("DebugCapIdentify: a number for each type, 0 for what is none; only RDI changes") {
    Party party;
    REQUIRE_OK(party.make_party());
    for (const Word pointer : {Word{1}, Word{50}, Word{1} << 40}) {
        REQUIRE_OK(party.start(Syscall::debug_cap_identify, pointer, 7));
        REQUIRE(party.came_back());
        CHECK_KEPT(party, UserRegister::rdi);
        CHECK_EQUAL(party.now(UserRegister::rdi) == 0, pointer != 1);
    }
    namespace at = abi::root_slot;
    const Word different[] = {at::tcb,
                              at::cnode,
                              at::vspace,
                              at::irq_control,
                              at::asid_control,
                              at::asid_pool,
                              at::io_port_control,
                              at::ipc_buffer,
                              at::domain_set,
                              at::sched_context,
                              party.here.endpoint.get().slot(),
                              party.here.reply.get().slot(),
                              party.here.notification.get().slot(),
                              test::arena().slot(),
                              test::sched_control().slot()};
    for (const Word& one : different) {
        CHECK(identify(one) != 0);
        for (const Word& other : different)
            CHECK((&one == &other) == (identify(one) == identify(other)));
    }
    CHECK_EQUAL(identify(at::ipc_buffer), identify(at::boot_info_frame)); // both frames
}

SYSTEM_TEST("BenchmarkNull, WriteMSR, ReadMSR and the numbers between and behind them are unknown system calls") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (int64_t number = -18; number >= -80; --number) {
        if (number == static_cast<int64_t>(Syscall::set_tls_base) ||
            number == static_cast<int64_t>(Syscall::reply_map_recv) ||
            number == static_cast<int64_t>(Syscall::debug_provoke))
            continue;
        sys::UserRegisters registers;
        registers[UserRegister::rdx] = static_cast<Word>(number);
        const Fault fault = subject.victim.run(snippet_syscall, registers);
        REQUIRE(fault.kind == abi::Fault::unknown_syscall);
        CHECK_EQUAL(fault.words[abi::unknown_syscall::number], static_cast<Word>(number));
    }
}
