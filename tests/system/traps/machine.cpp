// SPDX-License-Identifier: BSD-2-Clause
// What ring 3 can do to the CPU's state around entries and exits: flags, segments, single steps, instructions.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using test::Fault;
using test::page_size;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

constexpr Word general_protection = 13;
constexpr Word user_code = 0x23, user_data = 0x1b; // with RPL 3
namespace flag {
constexpr Word carry = 1, direction = 1 << 10, interrupt = 1 << 9, io_privilege = 3 << 12, nested = 1 << 14,
               virtual_8086 = 1 << 17, alignment = 1 << 18, virtual_interrupt = 3 << 19, id = 1 << 21;
}
/// Flags that POPF may change in ring 3, but not the trap flag.
constexpr Word free_flags = 0xcd5 | flag::nested | flag::alignment | flag::id;
constexpr Word ring3_cannot = flag::io_privilege | flag::virtual_8086 | flag::virtual_interrupt;

sys::UserRegisters with(Word rdi, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = rdi;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

/// Makes a page of `memory`: its clearing is a string instruction of the kernel. The label of the answer.
Word retype_with_direction_flag(sys::Untyped memory, Word slot) {
    abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
    buffer.caps_or_badges[0] = test::own_cnode().slot();
    buffer.message[4] = slot;
    buffer.message[5] = 1;
    Word target = memory.slot();
    Word info = abi::MessageInfo(static_cast<Word>(abi::Invocation::untyped_retype), 6, 1).raw();
    register Word type asm("r10") = static_cast<Word>(abi::ObjectType::frame_4k);
    register Word size asm("r8") = 0;
    register Word node asm("r9") = 0;
    register Word depth asm("r15") = 0;
    asm volatile("std\n\tsyscall\n\tcld"
                 : "+D"(target), "+S"(info), "+r"(type), "+r"(size), "+r"(node), "+r"(depth)
                 : "d"(static_cast<int64_t>(abi::Syscall::call))
                 : "rcx", "r11", "memory", "cc");
    return abi::MessageInfo(info).label();
}

} // namespace

SYSTEM_TEST("flags: whatever ring 3 loads, it never gets I/O privilege, virtual-8086 mode or interrupts off") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (unsigned bit = 0; bit < 22; ++bit) {
        const Word flags = Word{1} << bit;
        if (flags == 1 << 8) // single step: a case of its own
            continue;
        const Fault fault = subject.victim.run(snippet_flags_and_trap, with(flags));
        REQUIRE(fault.is_done());
        const Word found = fault.words[abi::user_exception::rflags];
        CHECK_EQUAL(found & ring3_cannot, 0);
        CHECK_EQUAL(found & flag::interrupt, flag::interrupt);
        CHECK_EQUAL(found & free_flags, flags & free_flags);
    }
}

SYSTEM_TEST("flags: direction, alignment, nested task and ID survive a system call, and do the kernel no harm") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const Word all = flag::direction | flag::alignment | flag::nested | flag::id | flag::carry;
    for (const abi::Syscall number : {abi::Syscall::yield, abi::Syscall::nb_wait, abi::Syscall::call}) {
        sys::UserRegisters registers = with(all);
        registers[UserRegister::rbx] = static_cast<Word>(number);
        if (number == abi::Syscall::nb_wait)
            REQUIRE_OK(subject.victim.slot(all & 63).remove()); // RDI is the pointer as well: a fault in between
        const Fault fault = subject.victim.run(snippet_flags_over_syscall, registers);
        if (fault.kind == abi::Fault::cap_fault)
            continue; // it came from that entry; the flags are looked at below
        REQUIRE(fault.is_done());
        CHECK_EQUAL(subject.victim.registers()[UserRegister::rax] & (free_flags & ~Word{0x8d5}), all & ~flag::carry);
    }
}

SYSTEM_TEST("flags: the kernel works upwards with the direction flag set") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    {
        REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
        REQUIRE_VALUE(view, test::View::of(frame));
        for (Word i = 0; i < page_size / sizeof(Word); ++i)
            view.words()[i] = ~Word{0};
    }
    REQUIRE_PLACE(place);
    REQUIRE(retype_with_direction_flag(memory, place.number()) == 0);
    REQUIRE_VALUE(view, test::View::of(sys::Frame(place.number())));
    for (Word i = 0; i < page_size / sizeof(Word); ++i)
        REQUIRE(CHECK_EQUAL(view.words()[i], 0));
}

SYSTEM_TEST("flags: the same survive being preempted, and a fault in between") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const Word all = flag::direction | flag::alignment | flag::nested | flag::id;
    REQUIRE_OK(subject.victim.start(snippet_flags_over_time, with(all, 3'000'000)));
    for (unsigned i = 0; i < 20; ++i)
        test::yield();
    REQUIRE(subject.victim.next_fault().value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax] & all, all);
    // With a fault: the handler lets the load go on.
    constexpr Word heap = 0x600000;
    sys::UserRegisters registers = with(heap);
    registers[UserRegister::rflags] = 0x202 | flag::direction;
    REQUIRE_OK(subject.victim.start(snippet_load, registers));
    REQUIRE(subject.victim.next_fault().has_value());
    REQUIRE_OK(subject.victim.space().map_new(heap, sys::PageAccess::read_only()));
    subject.victim.reply();
    REQUIRE(subject.victim.next_fault().value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rflags] & flag::direction, flag::direction);
}

SYSTEM_TEST("X3: single step over a SYSCALL traps in ring 3, behind it, and never in the kernel") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const abi::Syscall number : {abi::Syscall::yield, abi::Syscall::nb_send}) {
        sys::UserRegisters registers;
        registers[UserRegister::rdx] = static_cast<Word>(number);
        Fault fault = subject.victim.run(snippet_step_over_syscall, registers);
        Word steps = 0;
        while (fault.is_exception(1) && steps < 4) { // each answer goes on without the trap flag
            ++steps;
            CHECK(fault.ip() - Victim::address_of(snippet_step_over_syscall) < 16);
            subject.victim.reply();
            fault = subject.victim.next_fault().value_or(Fault{});
        }
        CHECK(fault.is_done());
        CHECK(steps >= 1);
    }
}

SYSTEM_TEST("X3: MOV SS before SYSCALL with the trap flag on, and before INT3, stay ring 3's own trouble") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::yield);
    Fault fault = subject.victim.run(snippet_step_over_mov_ss, registers);
    for (unsigned i = 0; i < 4 && fault.is_exception(1); ++i) {
        subject.victim.reply();
        fault = subject.victim.next_fault().value_or(Fault{});
    }
    CHECK(fault.is_done());
    fault = subject.victim.run(snippet_int1);
    CHECK(fault.is_exception(1) || fault.is_done()); // QEMU's interpreter has it for debuggers outside
    fault = subject.victim.run(snippet_mov_ss_int3);
    CHECK(fault.is_exception(3));
    CHECK(subject.victim.run(snippet_done).is_done());
}

SYSTEM_TEST(
    "segments: data selectors that ring 3 can load are null and its own; all others are #GP with the selector") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const uint8_t* snippet : {snippet_load_ds, snippet_load_es, snippet_load_fs, snippet_load_gs}) {
        for (Word selector = 0; selector < 0x60; ++selector) {
            const Fault fault = subject.victim.run(snippet, with(selector));
            const Word index = selector & ~Word{7};
            const bool null = selector < 4;
            const bool own_data = index == (user_data & ~Word{7}) && (selector & 4) == 0;
            const bool own_code = index == (user_code & ~Word{7}) && (selector & 4) == 0; // readable, if it is
            if (null || own_data) {
                REQUIRE(fault.is_done());
            } else if (!own_code) {
                REQUIRE(fault.is_exception(general_protection));
                CHECK_EQUAL(fault.words[abi::user_exception::error_code], selector & ~Word{3});
            }
        }
    }
    CHECK(subject.victim.run(snippet_done).is_done());
}

SYSTEM_TEST("segments: the stack selector is ring 3's data segment or a #GP") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (Word selector = 0; selector < 0x60; ++selector) {
        const Fault fault = subject.victim.run(snippet_load_ss, with(selector));
        if (selector == user_data)
            REQUIRE(fault.is_done());
        else
            REQUIRE(fault.is_exception(general_protection) || fault.is_exception(12) || fault.is_exception(11));
    }
}

SYSTEM_TEST("segments: no far return and no IRET of ring 3 leads to ring 0, whatever the selector") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (Word selector = 0; selector < 0x60; ++selector) {
        const Fault fault = subject.victim.run(snippet_far_return, with(selector));
        // QEMU's interpreter reads the frame with the kernel's rights, which SMAP refuses.
        const bool refused = fault.is_exception(general_protection) || fault.is_exception(11) ||
                             fault.is_exception(12) ||
                             (fault.kind == abi::Fault::vm_fault && fault.error_code() == test::page_fault::present);
        REQUIRE(refused || (selector == user_code && fault.is_done()));
    }
    for (const Word code : {Word{0}, Word{8}, user_code & ~Word{3}, user_code, Word{0x28}, Word{0x2b}}) {
        sys::UserRegisters registers = with(code, user_data);
        registers[UserRegister::rdx] = ~Word{0x100} & 0x3f'ffff; // all flags but the trap flag
        const Fault fault = subject.victim.run(snippet_iret_in_ring, registers);
        if (!fault.is_done())
            continue;
        CHECK_EQUAL(code, user_code);
        CHECK_EQUAL(fault.words[abi::user_exception::rflags] & ring3_cannot, 0);
        CHECK_EQUAL(fault.words[abi::user_exception::rflags] & flag::interrupt, flag::interrupt);
    }
}

SYSTEM_TEST("segments: selectors that a thread loaded do not reach another thread") {
    Subject subjects[2];
    for (Subject& subject : subjects)
        REQUIRE_OK(subject.make());
    REQUIRE(subjects[0].victim.run(snippet_load_gs, with(user_data)).is_done());
    REQUIRE(subjects[0].victim.run(snippet_load_fs, with(user_data)).is_done());
    REQUIRE(subjects[1].victim.run(snippet_segments).is_done());
    CHECK_EQUAL(subjects[1].victim.registers()[UserRegister::fs_base], 0);
    CHECK_EQUAL(subjects[1].victim.registers()[UserRegister::gs_base], 0);
}

SYSTEM_TEST("instructions that ring 3 must not have: #GP or #UD, at the instruction") {
    const uint8_t* const forbidden[] = {snippet_xsetbv, snippet_rdpmc, snippet_sysenter, snippet_sysexit,
                                        snippet_invd,   snippet_stac,  snippet_clac,     snippet_monitor,
                                        snippet_mwait,  snippet_rsm,   snippet_vmcall,   snippet_vmmcall,
                                        snippet_lldt,   snippet_lmsw,  snippet_write_dr, snippet_write_cr8,
                                        snippet_into,   snippet_bound, snippet_int_80};
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const uint8_t* snippet : forbidden) {
        const Fault fault = subject.victim.run(snippet, with(Victim::stack_top - page_size));
        REQUIRE(fault.is_exception(general_protection) || fault.is_exception(6));
        CHECK_EQUAL(fault.ip(), Victim::address_of(snippet));
    }
}

SYSTEM_TEST("instructions that user code may count on: RDTSC, RDTSCP, XGETBV, SSE") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const uint8_t* snippet : {snippet_rdtsc, snippet_rdtscp, snippet_read_xcr0, snippet_sse})
        CHECK(subject.victim.run(snippet).is_done());
}

SYSTEM_TEST("AVX is off: what the kernel would not save cannot be used") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE(subject.victim.run(snippet_read_xcr0).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 3); // x87 and SSE
    CHECK(subject.victim.run(snippet_vex).is_exception(6));
}

SYSTEM_TEST("an unmasked SSE exception is vector 19, a reserved MXCSR bit a #GP") {
    Subject subject;
    REQUIRE_OK(subject.make());
    // CPUs and Bochs deliver them; QEMU's interpreter (7.2) goes on.
    Fault fault = subject.victim.run(snippet_sse_error);
    CHECK(fault.is_exception(19) || fault.is_done());
    fault = subject.victim.run(snippet_bad_mxcsr);
    CHECK(fault.is_exception(general_protection) || fault.is_done());
    CHECK(subject.victim.run(snippet_done).is_done());
}

SYSTEM_TEST("X8: an x87 exception that a thread left pending hits neither the kernel nor another thread") {
    Subject subjects[2];
    for (Subject& subject : subjects)
        REQUIRE_OK(subject.make());
    REQUIRE_OK(subjects[0].victim.start(snippet_pending_x87));
    test::yield();
    for (unsigned i = 0; i < 10; ++i) {
        CHECK(subjects[1].victim.run(snippet_fwait).is_done());
        test::yield();
    }
    // It is its own: with the same FPU state, the next instruction that waits for the FPU delivers it.
    REQUIRE_OK(subjects[0].victim.tcb().suspend());
    CHECK(subjects[0].victim.run(snippet_fwait).is_exception(16));
}

SYSTEM_TEST("X7: nothing of a thread's FPU and SSE registers, nor its MXCSR, shows in another one") {
    Subject subjects[2];
    for (Subject& subject : subjects)
        REQUIRE_OK(subject.make());
    constexpr Word buffer = 0x600000;
    REQUIRE_VALUE(frame, subjects[1].victim.space().map_new(buffer, sys::PageAccess::read_write()));
    REQUIRE_OK(subjects[0].victim.start(snippet_fill_fpu, with(0x5ec2'e75e'c2e7'5ec2)));
    for (unsigned round = 0; round < 10; ++round) {
        test::yield();
        REQUIRE(subjects[1].victim.run(snippet_read_fpu, with(buffer)).is_done());
    }
    REQUIRE_VALUE(view, test::View::of(frame));
    const Word* const words = view.words();
    for (unsigned i = 4; i < 52; ++i) // ST0-7 and XMM0-15
        CHECK_EQUAL(words[i], 0);
    CHECK_EQUAL(words[0] & 0xffff'ffff, 0x37f); // control word as after FNINIT, nothing pending, all registers empty
    CHECK_EQUAL(words[3] & 0xffff'ffff, 0x1f80); // MXCSR as after reset
}

SYSTEM_TEST("X7: no register of a thread shows in a new one, whatever happened in between") {
    Subject secret;
    REQUIRE_OK(secret.make());
    sys::UserRegisters registers;
    for (unsigned i = 3; i < 18; ++i)
        registers.words[i] = 0x5ec2'e75e'c2e7'5ec2;
    REQUIRE_OK(secret.victim.start(snippet_spin, registers));
    test::yield();
    for (unsigned round = 0; round < 3; ++round) {
        Subject fresh;
        REQUIRE_OK(fresh.make());
        REQUIRE_OK(fresh.victim.start(snippet_done));
        REQUIRE(fresh.victim.next_fault().value_or(Fault{}).is_done());
        const sys::UserRegisters found = fresh.victim.registers();
        for (unsigned i = 3; i < 20; ++i)
            CHECK_EQUAL(found.words[i], 0);
    }
}

SYSTEM_TEST("X5: a GS base that looks like the kernel's does it no harm in interrupts, faults and system calls") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const Word base :
         {Word{0xffff'ffff'8010'0000}, Word{0xffff'8000'0000'0000}, ~Word{0}, Word{0x7fff'ffff'ffff}}) {
        sys::UserRegisters registers;
        registers[UserRegister::gs_base] = base;
        registers[UserRegister::fs_base] = base;
        CHECK(subject.victim.run(snippet_done, registers).is_done());
        registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::yield);
        CHECK(subject.victim.run(snippet_syscall, registers).is_done());
        REQUIRE_OK(subject.victim.start(snippet_spin, registers));
        test::yield();
        CHECK_EQUAL(subject.victim.registers()[UserRegister::gs_base], base);
        REQUIRE_OK(subject.victim.tcb().suspend());
    }
}
