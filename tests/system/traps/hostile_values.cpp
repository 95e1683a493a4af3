// SPDX-License-Identifier: BSD-2-Clause
// Any value in any register of any system call, from a program with real capabilities: an answer or a fault, never harm.
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using test::Cap;
using test::Fault;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

constexpr UserRegister inputs[] = {UserRegister::rdi, UserRegister::rsi, UserRegister::r10, UserRegister::r8,
                                   UserRegister::r9,  UserRegister::r15, UserRegister::r12, UserRegister::r13};

/// A victim whose CSpace holds one capability of each kind that it may have without harming the test itself.
struct Armed : Subject {
    Cap<sys::Notification> notification;
    Cap<sys::Endpoint> endpoint;
    Cap<sys::Untyped> untyped;
    static constexpr Word slots = 16;

    sys::Result<void> make_armed() {
        TRY(make());
        notification = TRY(sys::make_object<sys::Notification>(test::space(), memory));
        endpoint = TRY(sys::make_object<sys::Endpoint>(test::space(), memory));
        untyped = TRY(test::make_untyped(12));
        return rearm();
    }
    /// Gives back what it deleted or used up.
    sys::Result<void> rearm() {
        for (Word index = 0; index < Word{1} << Victim::cnode_bits; ++index)
            TRY(victim.slot(index).remove());
        TRY(untyped.ref().revoke());
        const Word sources[] = {endpoint->slot(),
                                notification->slot(),
                                victim.reply_object().slot(),
                                untyped->slot(),
                                victim.tcb().slot(),
                                victim.cnode().slot(),
                                victim.context().slot(),
                                victim.space().root().slot(),
                                victim.stack_frame().slot(),
                                abi::root_slot::domain_set,
                                abi::root_slot::asid_pool,
                                abi::root_slot::asid_control};
        Word index = 1;
        for (const Word source : sources)
            TRY(victim.slot(index++).copy_from(test::space().at(source)));
        return {};
    }
};

/// Fills what travels in the IPC buffer: words from the fifth on, capabilities, the receive slot.
void fill(abi::IpcBuffer& buffer, test::Random& random) {
    const auto hostile = test::hostile_words();
    for (unsigned i = 0; i < 16; ++i)
        buffer.message[i] = random.below(2) == 0 ? random.below(Armed::slots) : hostile[random.below(hostile.size())];
    for (Word& pointer : buffer.caps_or_badges)
        pointer = random.below(Armed::slots);
    buffer.receive_cnode = random.below(Armed::slots);
    buffer.receive_index = random.below(Armed::slots * 2);
    buffer.receive_depth = random.below(2) == 0 ? Victim::cnode_bits : hostile[random.below(hostile.size())];
}

/// Runs one system call. It may block for ever, fault or come back; then the victim is taken back.
bool survives(Armed& armed, const sys::UserRegisters& registers) {
    if (!armed.victim.start(snippet_syscall, registers))
        return false;
    static_cast<void>(armed.victim.next_fault(1));
    return armed.victim.tcb().suspend().is_ok();
}

} // namespace

SYSTEM_TEST("R29: bad pointers in system calls are refused: every call with every hostile word in every register") {
    Armed armed;
    REQUIRE_OK(armed.make_armed());
    const Word words[] = {
        0, 1, 0x400001, 0x7fff'ffff'f000, 0x8000'0000'0000, 0xffff'8000'0010'0000, 0xffff'ffff'8010'0000, ~Word{0}};
    for (int64_t number = -35; number <= 1; ++number) {
        const bool prints_or_halts = number <= -12 && number >= -16;
        if (prints_or_halts)
            continue;
        for (const UserRegister which : inputs) {
            for (const Word word : words) {
                sys::UserRegisters registers;
                registers[UserRegister::rdx] = static_cast<Word>(number);
                registers[which] = word;
                REQUIRE(survives(armed, registers));
            }
        }
        REQUIRE_OK(armed.rearm());
    }
}

SYSTEM_TEST("behaviour 21: hostile system call numbers are unknown system calls, whatever their low half looks like") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const Word numbers[] = {0,
                            1,
                            12,
                            60,
                            0x7fff'ffff,
                            0x8000'0000,
                            0xffff'ffff,
                            0x1'0000'0000 + 0xffff'ffff,
                            0xffff'ffff'0000'0000,
                            0x8000'0000'0000'0000,
                            0x7fff'ffff'ffff'ffff,
                            static_cast<Word>(-63),
                            static_cast<Word>(-66),
                            static_cast<Word>(-1000)};
    for (const Word number : numbers) {
        sys::UserRegisters registers;
        registers[UserRegister::rdx] = number;
        const Fault fault = subject.victim.run(snippet_syscall, registers);
        REQUIRE(fault.kind == abi::Fault::unknown_syscall);
        CHECK_EQUAL(fault.words[abi::unknown_syscall::number], number);
    }
}

SYSTEM_TEST("behaviour 21: every method label on every kind of capability with hostile arguments") {
    Armed armed;
    REQUIRE_OK(armed.make_armed());
    REQUIRE_VALUE(view, test::View::of(armed.victim.buffer_frame()));
    abi::IpcBuffer& buffer = *reinterpret_cast<abi::IpcBuffer*>(view.bytes());
    test::Random random(21);
    const auto hostile = test::hostile_words();
    for (Word label = 0; label <= 80; ++label) {
        for (Word slot = 0; slot < Armed::slots; ++slot) {
            for (unsigned round = 0; round < 3; ++round) {
                fill(buffer, random);
                sys::UserRegisters registers;
                registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::call);
                registers[UserRegister::rdi] = slot;
                registers[UserRegister::rsi] = abi::MessageInfo(label, static_cast<unsigned>(random.below(13)),
                                                                static_cast<unsigned>(random.below(4)))
                                                   .raw();
                for (const UserRegister which :
                     {UserRegister::r10, UserRegister::r8, UserRegister::r9, UserRegister::r15})
                    registers[which] = hostile[random.below(hostile.size())];
                REQUIRE(survives(armed, registers));
            }
        }
        REQUIRE_OK(armed.rearm());
    }
}

SYSTEM_TEST("behaviour 21: random registers in random system calls") {
    Armed armed;
    REQUIRE_OK(armed.make_armed());
    REQUIRE_VALUE(view, test::View::of(armed.victim.buffer_frame()));
    abi::IpcBuffer& buffer = *reinterpret_cast<abi::IpcBuffer*>(view.bytes());
    test::Random random(2021);
    const auto hostile = test::hostile_words();
    for (unsigned round = 0; round < 4000; ++round) {
        fill(buffer, random);
        sys::UserRegisters registers;
        for (unsigned i = 3; i < 18; ++i) {
            const Word kind = random.below(3);
            registers.words[i] = kind == 0   ? random.next()
                                 : kind == 1 ? random.below(Armed::slots)
                                             : hostile[random.below(hostile.size())];
        }
        const Word number = random.below(11) + 1;
        registers[UserRegister::rdx] = ~number + 1;
        REQUIRE(survives(armed, registers));
        if (round % 100 == 99)
            REQUIRE_OK(armed.rearm());
    }
}

SYSTEM_TEST("after all that, a new program runs as ever") {
    Subject subject;
    REQUIRE_OK(subject.make());
    CHECK(subject.victim.run(snippet_done).is_done());
}
