// SPDX-License-Identifier: BSD-2-Clause
// A thread's registers, read, written and copied by another.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::UserRegister;
using test::Answer;
using test::Cap;
using test::invoke;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

constexpr unsigned count = abi::user_register_count;
constexpr Word addresses_that_become_0[] = {0x8000'0000'0000,      0xffff'7fff'ffff'ffff, 0x1'0000'0000'0000,
                                            0x8000'0000'0000'0000, 0x7fff'ffff'ffff'ffff, 0x0000'8000'0000'0001};

/// Register number i has the value 0x1000 * (i + 1) + i, which is a safe one for all of them but the flags.
sys::UserRegisters pattern() {
    sys::UserRegisters registers;
    for (unsigned i = 0; i < count; ++i)
        registers.words[i] = 0x1000 * (i + 1) + i;
    registers[UserRegister::rflags] = 0x202;
    return registers;
}

sys::Result<Cap<sys::Tcb>> make_tcb() { return sys::make_object<sys::Tcb>(test::space(), test::arena()); }

sys::UserRegisters read(sys::Tcb tcb) { return tcb.read_registers(false).take(); }

/// Words of WriteRegisters for a flag word and `words` registers of the pattern, announcing `announced`.
Answer write(sys::Tcb tcb, Word announced, unsigned words, Word flags = 0) {
    Word message[2 + 24] = {flags, announced};
    for (unsigned i = 0; i < words; ++i)
        message[2 + i] = i < count ? pattern().words[i] : 0xdead;
    return invoke(tcb, static_cast<Word>(Invocation::tcb_write_registers), std::span<const Word>(message, 2 + words));
}

} // namespace

SYSTEM_TEST("a new thread's registers are 0, its flags 0x202") {
    REQUIRE_VALUE(tcb, make_tcb());
    const sys::UserRegisters registers = read(tcb);
    for (unsigned i = 0; i < count; ++i)
        CHECK_EQUAL(registers.words[i], i == static_cast<unsigned>(UserRegister::rflags) ? 0x202 : 0);
}

SYSTEM_TEST("ReadRegisters: oneself is an illegal operation, whatever the count") {
    for (const Word number : {Word{0}, Word{1}, Word{20}, Word{21}})
        CHECK_ANSWER(invoke(test::own_tcb(), Invocation::tcb_read_registers, {0, number}), illegal_operation);
}

SYSTEM_TEST("ReadRegisters: a count outside 1 to 20 is out of range") {
    REQUIRE_VALUE(tcb, make_tcb());
    for (const Word number : {Word{0}, Word{21}, Word{22}, Word{120}, Word{1} << 32, ~Word{0}})
        CHECK_ANSWER(invoke(tcb, Invocation::tcb_read_registers, {0, number}), range_error, 1, 20);
}

SYSTEM_TEST("ReadRegisters: answers as many words as asked for, in the order of the ABI") {
    REQUIRE_VALUE(tcb, make_tcb());
    REQUIRE_OK(tcb->write_registers(pattern(), count, false));
    for (unsigned number = 1; number <= count; ++number) {
        const Answer answer = invoke(tcb, Invocation::tcb_read_registers, {0, number});
        CHECK(answer.is_done());
        CHECK_EQUAL(answer.length, number);
        for (unsigned i = 0; i < number; ++i)
            CHECK_EQUAL(answer.words[i], pattern().words[i]);
    }
}

SYSTEM_TEST("ReadRegisters and WriteRegisters: architecture flags and further bits of the first word mean nothing") {
    REQUIRE_VALUE(tcb, make_tcb());
    CHECK_DONE(write(tcb, 20, 20, ~Word{1}));
    const Answer answer = invoke(tcb, Invocation::tcb_read_registers, {~Word{1}, 20});
    CHECK(answer.is_done());
    CHECK_EQUAL(answer.words[19], pattern().words[19]);
}

SYSTEM_TEST("WriteRegisters: oneself is an illegal operation; a count above the message comes before that") {
    CHECK_ANSWER(write(test::own_tcb(), 1, 1), illegal_operation);
    CHECK_ANSWER(write(test::own_tcb(), 2, 1), truncated_message);
}

SYSTEM_TEST("WriteRegisters: a count above what the message holds is a truncated message, and nothing is written") {
    REQUIRE_VALUE(tcb, make_tcb());
    for (const Word announced : {Word{6}, Word{20}, Word{21}, Word{118}, Word{119}, ~Word{0}})
        CHECK_ANSWER(write(tcb, announced, 5), truncated_message);
    CHECK_EQUAL(read(tcb)[UserRegister::rip], 0);
    CHECK_EQUAL(read(tcb)[UserRegister::rax], 0);
}

SYSTEM_TEST("WriteRegisters: a count above 20 is cut to 20") {
    REQUIRE_VALUE(tcb, make_tcb());
    CHECK_DONE(write(tcb, 24, 24));
    for (unsigned i = 0; i < count; ++i)
        CHECK_EQUAL(read(tcb).words[i], pattern().words[i]);
}

SYSTEM_TEST("WriteRegisters: writes the first `count` registers and leaves the others") {
    for (unsigned number = 0; number <= count; ++number) {
        REQUIRE_VALUE(tcb, make_tcb());
        CHECK_DONE(write(tcb, number, 20));
        const sys::UserRegisters registers = read(tcb);
        for (unsigned i = 0; i < count; ++i)
            CHECK_EQUAL(registers.words[i], i < number                                         ? pattern().words[i]
                                            : i == static_cast<unsigned>(UserRegister::rflags) ? 0x202
                                                                                               : 0);
    }
}

SYSTEM_TEST("written flags: bits 0 to 11 count, bits 1 and 9 are on, bits 3, 5 and 8 off, all others off") {
    REQUIRE_VALUE(tcb, make_tcb());
    for (unsigned bit = 0; bit < 64; ++bit) {
        sys::UserRegisters registers;
        registers[UserRegister::rflags] = Word{1} << bit;
        REQUIRE_OK(tcb->write_registers(registers, 3, false));
        const bool counts = bit < 12 && bit != 3 && bit != 5 && bit != 8;
        CHECK_EQUAL(read(tcb)[UserRegister::rflags], 0x202 | (counts ? Word{1} << bit : 0));
    }
    sys::UserRegisters registers;
    registers[UserRegister::rflags] = 0xfff;
    REQUIRE_OK(tcb->write_registers(registers, 3, false));
    CHECK_EQUAL(read(tcb)[UserRegister::rflags], 0xed7);
}

SYSTEM_TEST("written addresses: a non-canonical rip, fs_base or gs_base becomes 0; other registers take anything") {
    REQUIRE_VALUE(tcb, make_tcb());
    for (const Word bad : addresses_that_become_0) {
        sys::UserRegisters registers;
        for (Word& word : registers.words)
            word = bad;
        REQUIRE_OK(tcb->write_registers(registers, count, false));
        const sys::UserRegisters found = read(tcb);
        for (unsigned i = 0; i < count; ++i) {
            const auto which = static_cast<UserRegister>(i);
            if (which == UserRegister::rip || which == UserRegister::fs_base || which == UserRegister::gs_base)
                CHECK_EQUAL(found.words[i], 0);
            else if (which != UserRegister::rflags)
                CHECK_EQUAL(found.words[i], bad);
        }
    }
}

SYSTEM_TEST("written addresses: canonical ones stay, also those of the upper half") {
    REQUIRE_VALUE(tcb, make_tcb());
    for (const Word good :
         {Word{1}, Word{0x7fff'ffff'f000}, Word{0xffff'8000'0000'0000}, Word{0xffff'ffff'8010'0000}, ~Word{0xffff}}) {
        sys::UserRegisters registers;
        registers[UserRegister::rip] = registers[UserRegister::fs_base] = registers[UserRegister::gs_base] = good;
        REQUIRE_OK(tcb->write_registers(registers, count, false));
        CHECK_EQUAL(read(tcb)[UserRegister::rip], good);
        CHECK_EQUAL(read(tcb)[UserRegister::fs_base], good);
        CHECK_EQUAL(read(tcb)[UserRegister::gs_base], good);
    }
}

SYSTEM_TEST("all written registers reach user mode, RCX and R11 among them, whatever the thread did before") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const auto check = [&] {
        sys::UserRegisters registers = pattern();
        registers[UserRegister::rip] = Victim::address_of(snippet_done);
        registers[UserRegister::rflags] = 0xad7; // all arithmetic flags but direction
        REQUIRE(subject.victim.run(snippet_done, registers).is_done());
        const sys::UserRegisters found = subject.victim.registers();
        for (unsigned i = 0; i < count; ++i) {
            if (i == static_cast<unsigned>(UserRegister::rflags))
                CHECK_EQUAL(found.words[i] & ~Word{0x10000}, 0xad7 | 0x200); // the exception may set RF
            else
                CHECK_EQUAL(found.words[i], registers.words[i]);
        }
    };
    check(); // new
    check(); // stopped by a fault
    sys::UserRegisters call;
    call[UserRegister::rdx] = static_cast<Word>(abi::Syscall::yield);
    REQUIRE(subject.victim.run(snippet_syscall, call).is_done());
    call[UserRegister::rdx] = 1000; // stopped at a SYSCALL
    REQUIRE(subject.victim.run(snippet_syscall, call).kind == abi::Fault::unknown_syscall);
    check();
    call[UserRegister::rdx] = static_cast<Word>(abi::Syscall::yield);
    call[UserRegister::rip] = Victim::address_of(snippet_spin);
    REQUIRE_OK(subject.victim.start(snippet_spin, call));
    test::yield(); // it was preempted while it ran
    check();
}

SYSTEM_TEST("CopyRegisters: frame registers are the first 18, integer registers the last two") {
    REQUIRE_VALUE(source, make_tcb());
    REQUIRE_OK(source->write_registers(pattern(), count, false));
    for (Word flags = 0; flags < 4; ++flags) {
        REQUIRE_VALUE(target, make_tcb());
        CHECK_DONE(invoke(target, Invocation::tcb_copy_registers, {flags << 2}, {source}));
        const sys::UserRegisters found = read(target);
        for (unsigned i = 0; i < count; ++i) {
            const bool copied = (flags & (i < abi::frame_register_count ? 1 : 2)) != 0;
            CHECK_EQUAL(found.words[i], copied || i == 2 ? pattern().words[i] : 0);
        }
    }
}

SYSTEM_TEST("CopyRegisters: suspends the source and resumes the target if it is told so") {
    Subject source;
    Subject target;
    REQUIRE_OK(source.make());
    REQUIRE_OK(target.make());
    sys::UserRegisters registers;
    registers[UserRegister::rbx] = 0xbb;
    REQUIRE_OK(source.victim.start(snippet_spin, registers));
    test::yield();
    const Word before = read(source.victim.tcb())[UserRegister::rax];
    CHECK(before > 0);
    // Frame registers, with both: the target spins on where the source stopped.
    CHECK_DONE(invoke(target.victim.tcb(), Invocation::tcb_copy_registers, {0b111}, {source.victim.tcb()}));
    const Word at_stop = read(source.victim.tcb())[UserRegister::rax];
    for (unsigned i = 0; i < 3; ++i)
        test::yield();
    CHECK_EQUAL(read(source.victim.tcb())[UserRegister::rax], at_stop);
    CHECK(read(target.victim.tcb())[UserRegister::rax] > at_stop);
    CHECK_EQUAL(read(target.victim.tcb())[UserRegister::rbx], 0xbb);
    REQUIRE_OK(target.victim.tcb().suspend());
}

SYSTEM_TEST("SetTLSBase: sets the FS base of another thread, made safe") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::Tcb tcb = subject.victim.tcb();
    CHECK_OK(tcb.set_tls_base(0x401238));
    CHECK_EQUAL(read(tcb)[UserRegister::fs_base], 0x401238);
    for (const Word bad : addresses_that_become_0) {
        CHECK_OK(tcb.set_tls_base(bad));
        CHECK_EQUAL(read(tcb)[UserRegister::fs_base], 0);
    }
    CHECK_OK(tcb.set_tls_base(0xffff'8000'0000'0000));
    CHECK_EQUAL(read(tcb)[UserRegister::fs_base], 0xffff'8000'0000'0000);
}

SYSTEM_TEST("the system call SetTLSBase sets the caller's FS base at once, made safe, and nothing else") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers = pattern();
    registers[UserRegister::rip] = 0;
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::set_tls_base);
    for (const Word value : {Word{0x401230}, Word{0}, Word{0x7fff'ffff'ffff}, Word{0xffff'8000'0000'0000}}) {
        registers[UserRegister::rdi] = value;
        registers[UserRegister::rip] = 0;
        REQUIRE(subject.victim.run(snippet_syscall_then_fs_base, registers).is_done());
        const sys::UserRegisters found = subject.victim.registers();
        CHECK_EQUAL(found[UserRegister::rax], value);
        for (const UserRegister kept :
             {UserRegister::rbx, UserRegister::rdx, UserRegister::rsi, UserRegister::rdi, UserRegister::rbp,
              UserRegister::r8, UserRegister::r9, UserRegister::r10, UserRegister::r12, UserRegister::r13,
              UserRegister::r14, UserRegister::r15, UserRegister::rsp, UserRegister::gs_base})
            CHECK_EQUAL(found[kept], registers[kept]);
    }
    for (const Word bad : addresses_that_become_0) {
        registers[UserRegister::rdi] = bad;
        registers[UserRegister::rip] = 0;
        REQUIRE(subject.victim.run(snippet_syscall_then_fs_base, registers).is_done());
        CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 0);
    }
}

SYSTEM_TEST("an FS and a GS base that ring 3 wrote itself survive switches to threads with others") {
    constexpr unsigned threads = 3;
    constexpr Word rounds = 200;
    Subject subjects[threads];
    for (Word i = 0; i < threads; ++i) {
        REQUIRE_OK(subjects[i].make());
        sys::UserRegisters registers;
        registers[UserRegister::rdi] = 0x10'0000 * (i + 1);
        registers[UserRegister::rsi] = 0xffff'8000'0000'0000 + i;
        registers[UserRegister::rbp] = rounds;
        REQUIRE_OK(subjects[i].victim.start(snippet_keep_bases, registers));
    }
    for (Word i = 0; i < threads; ++i) {
        REQUIRE(subjects[i].victim.next_fault().value_or(test::Fault{}).is_done());
        const sys::UserRegisters found = subjects[i].victim.registers();
        CHECK_EQUAL(found[UserRegister::rbp], 0);
        CHECK_EQUAL(found[UserRegister::fs_base], 0x10'0000 * (i + 1));
        CHECK_EQUAL(found[UserRegister::gs_base], 0xffff'8000'0000'0000 + i);
    }
}

SYSTEM_TEST("SetFlags: clears, then sets; only bit 0 is there; the answer is the flags") {
    REQUIRE_VALUE(tcb, make_tcb());
    const auto set = [&](Word clear, Word bits) { return invoke(tcb, Invocation::tcb_set_flags, {clear, bits}); };
    CHECK_DONE(set(0, 0), 0);
    CHECK_DONE(set(0, 1), 1);
    CHECK_DONE(set(0, 0), 1);
    CHECK_DONE(set(1, 0), 0);
    CHECK_DONE(set(1, 1), 1);
    CHECK_DONE(set(~Word{1}, ~Word{1}), 1);
    CHECK_DONE(set(~Word{0}, 0), 0);
    CHECK_DONE(set(0, ~Word{0}), 1);
}

SYSTEM_TEST("a thread without FPU keeps its FPU registers until it may use them again") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = 0x1234;
    REQUIRE(subject.victim.run(snippet_sse, registers).is_done()); // xmm0 = rdi
    REQUIRE_OK(subject.victim.tcb().set_flags(0, 1));
    CHECK(subject.victim.run(snippet_sse, registers).is_exception(7));
    CHECK(subject.victim.run(snippet_done).is_done()); // without FPU instructions it runs as ever
    REQUIRE_OK(subject.victim.tcb().set_flags(1, 0));
    REQUIRE(subject.victim.run(snippet_read_xmm0).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 0x1234);
}
