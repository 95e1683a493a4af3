// SPDX-License-Identifier: BSD-2-Clause
// AVX, RDPMC and model-specific registers, which a program gets with boot options only (what is there without them: areas
// "machine" and "debug calls").
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Syscall;
using abi::UserRegister;
using test::Subject;
using test::Word;

namespace {

constexpr Word star = 0xc000'0081; ///< every CPU has it
constexpr Word missing = 0x0bad'0000; ///< and none has this
constexpr Word sysenter_cs = 0x174; ///< harmless to write

test::Answer access(Syscall number, Word msr, Word value) {
    sys::raw::Registers registers{msr, 0, value};
    sys::raw::enter(number, registers);
    const abi::MessageInfo info(registers.info);
    test::Answer answer{info.label(), info.length(), info.extra_caps(), 0, {}};
    answer.words[0] = registers.mr0;
    return answer;
}
Word read_msr(Word msr) { return access(Syscall::read_msr, msr, 0).words[0]; }

} // namespace

SYSTEM_TEST("option avx: threads keep their vector registers, all of them, and see nobody else's") {
    constexpr Word threads = 3, rounds = 200;
    Subject subjects[threads], fresh;
    REQUIRE_OK(fresh.make());
    for (Word i = 0; i < threads; ++i) {
        REQUIRE_OK(subjects[i].make());
        sys::UserRegisters registers;
        registers[UserRegister::rdi] = 0x1234'5678'0000'0000 + i;
        registers[UserRegister::rbp] = rounds;
        REQUIRE_OK(subjects[i].victim.start(snippet_keep_avx, registers));
    }
    for (Word i = 0; i < threads; ++i) {
        REQUIRE(subjects[i].victim.next_fault().value_or(test::Fault{}).is_done());
        CHECK_EQUAL(subjects[i].victim.registers()[UserRegister::rbp], 0);
        CHECK_EQUAL(subjects[i].victim.registers()[UserRegister::rax], 0x1234'5678'0000'0000 + i);
    }
    REQUIRE(fresh.victim.run(snippet_read_avx).is_done());
    CHECK_EQUAL(fresh.victim.registers()[UserRegister::rax], 0);
    CHECK_EQUAL(fresh.victim.registers()[UserRegister::rbx], 0);
    REQUIRE(fresh.victim.run(snippet_read_xcr0).is_done());
    CHECK_EQUAL(fresh.victim.registers()[UserRegister::rax], 7);
}

SYSTEM_TEST("option avx: a TCB takes 4 KiB") {
    REQUIRE_VALUE(page, test::make_untyped(12));
    REQUIRE_VALUE(first, sys::make_object<sys::Tcb>(test::space(), page));
    CHECK_REFUSED(sys::make_object<sys::Tcb>(test::space(), page), abi::Error::not_enough_memory, 0);
}

SYSTEM_TEST("option rdpmc: the instruction is not for ring 0 alone") {
    Subject subject;
    REQUIRE_OK(subject.make());
    // #GP without the option. QEMU's interpreter has no counters and takes it for #UD, real CPUs go on to the #UD behind.
    CHECK(subject.victim.run(snippet_rdpmc).is_exception(6));
}

SYSTEM_TEST("option msr: reads a register with one word of answer, and writes one") {
    const test::Answer answer = access(Syscall::read_msr, star, 0);
    CHECK(answer.is_done());
    CHECK_EQUAL(answer.length, 1);
    CHECK(answer.words[0] != 0); // SYSCALL works
    const Word before = read_msr(sysenter_cs);
    access(Syscall::write_msr, sysenter_cs, 0x18);
    CHECK_EQUAL(read_msr(sysenter_cs), 0x18);
    access(Syscall::write_msr, sysenter_cs, before);
    CHECK_EQUAL(read_msr(sysenter_cs), before);
}

SYSTEM_TEST("option msr: what the CPU refuses reads 0 and takes no write") {
    CHECK_EQUAL(read_msr(missing), 0);
    access(Syscall::write_msr, missing, 1);
    const Word before = read_msr(star);
    constexpr Word efer = 0xc000'0080, reserved = Word{1} << 40;
    const Word features = read_msr(efer);
    access(Syscall::write_msr, efer, features | reserved);
    CHECK_EQUAL(read_msr(efer), features);
    CHECK_EQUAL(read_msr(star), before);
}
