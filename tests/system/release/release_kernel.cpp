// SPDX-License-Identifier: BSD-2-Clause
// What a release kernel has, and what only others have.
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Syscall;
using abi::UserRegister;
using test::Fault;
using test::Subject;
using test::Word;

SYSTEM_TEST("release kernel: DebugPutChar is there; the other debug calls and BenchmarkNull are unknown system calls") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdx] = static_cast<Word>(Syscall::debug_put_char);
    registers[UserRegister::rdi] = '\n';
    CHECK(subject.victim.run(snippet_syscall, registers).is_done());
    for (const Syscall number :
         {Syscall::debug_dump_scheduler, Syscall::debug_halt, Syscall::debug_cap_identify, Syscall::debug_snapshot,
          Syscall::debug_name_thread, Syscall::benchmark_null, Syscall::debug_provoke}) {
        registers[UserRegister::rdx] = static_cast<Word>(number);
        const Fault fault = subject.victim.run(snippet_syscall, registers);
        REQUIRE(fault.kind == abi::Fault::unknown_syscall);
        CHECK_EQUAL(fault.words[abi::unknown_syscall::number], static_cast<Word>(number));
    }
}

SYSTEM_TEST("release kernel: system calls, faults and answers are as in a debug kernel") {
    Subject subject;
    REQUIRE_OK(subject.make());
    CHECK(subject.victim.run(snippet_divide).is_exception(0));
    sys::UserRegisters registers;
    registers[UserRegister::rdx] = static_cast<Word>(Syscall::call);
    registers[UserRegister::rdi] = 60;
    REQUIRE(subject.victim.run(snippet_syscall, registers).is_done()); // an empty slot
    const sys::UserRegisters answer = subject.victim.registers();
    CHECK_EQUAL(answer[UserRegister::rsi],
                abi::MessageInfo(static_cast<Word>(abi::Error::invalid_capability), 1).raw());
    CHECK_EQUAL(answer[UserRegister::r10], 0);
}
