// SPDX-License-Identifier: BSD-2-Clause
// Faults of ring-3 programs: every one goes to the handler as a message, with the right vector, and the machine goes on.
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using test::Fault;
using test::page_size;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

constexpr Word general_protection = 13;
constexpr Word kernel_text = 0xffff'ffff'8010'0000;

} // namespace

SYSTEM_TEST("R8: HLT, CLI, IN, OUT, MOV CR3 and RDMSR in ring 3 are a #GP to the handler") {
    const uint8_t* const privileged[] = {snippet_hlt,      snippet_cli,       snippet_in,   snippet_out,
                                         snippet_read_cr3, snippet_write_cr3, snippet_rdmsr};
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdx] = 0x3f8;
    registers[UserRegister::rcx] = 0xc000'0080;
    for (const uint8_t* snippet : privileged) {
        const Fault fault = subject.victim.run(snippet, registers);
        REQUIRE(fault.is_exception(general_protection));
        CHECK_EQUAL(fault.ip(), Victim::address_of(snippet));
        CHECK_EQUAL(fault.words[abi::user_exception::error_code], 0);
    }
}

SYSTEM_TEST("behaviour 16: every privileged instruction is a #GP to the handler") {
    const uint8_t* const privileged[] = {snippet_hlt,       snippet_cli,      snippet_sti,       snippet_in,
                                         snippet_out,       snippet_read_cr3, snippet_write_cr3, snippet_write_cr0,
                                         snippet_write_cr4, snippet_lgdt,     snippet_lidt,      snippet_ltr,
                                         snippet_rdmsr,     snippet_wrmsr,    snippet_invlpg,    snippet_wbinvd,
                                         snippet_swapgs,    snippet_clts,     snippet_sysret,    snippet_read_dr};
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = Victim::stack_top - page_size;
    registers[UserRegister::rcx] = 0x1b;
    for (const uint8_t* snippet : privileged) {
        const Fault fault = subject.victim.run(snippet, registers);
        REQUIRE(fault.is_exception(general_protection));
        CHECK_EQUAL(fault.ip(), Victim::address_of(snippet));
    }
}

SYSTEM_TEST("UMIP: SGDT, SIDT, SLDT, STR and SMSW fault in ring 3") {
    const uint8_t* const revealing[] = {snippet_sgdt, snippet_sidt, snippet_sldt, snippet_str, snippet_smsw};
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = Victim::stack_top - page_size;
    for (const uint8_t* snippet : revealing)
        CHECK(subject.victim.run(snippet, registers).is_exception(general_protection));
}

SYSTEM_TEST("R35: a #GP of ring 3 is reported as one of ring 3, from the saved CS") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const Fault fault = subject.victim.run(snippet_hlt);
    REQUIRE(fault.is_exception(general_protection)); // a #GP of ring 0 would be a panic
    CHECK_EQUAL(fault.length, abi::user_exception::length);
    CHECK_EQUAL(fault.words[abi::user_exception::rsp], Victim::stack_top);
    CHECK_EQUAL(fault.words[abi::user_exception::rflags] & 0x200, 0x200);
}

SYSTEM_TEST("behaviour 17: undefined opcode, divide by zero, breakpoint: the right vector is delivered") {
    Subject subject;
    REQUIRE_OK(subject.make());
    CHECK(subject.victim.run(snippet_done).is_exception(6));
    CHECK(subject.victim.run(snippet_divide).is_exception(0));
    CHECK(subject.victim.run(snippet_int3).is_exception(3));
    CHECK(subject.victim.run(snippet_single_step).is_exception(1));
    CHECK(subject.victim.run(snippet_x87_error).is_exception(16));
}

SYSTEM_TEST("behaviour 17: alignment check is delivered once the program asks for it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = Victim::stack_top - page_size + 1;
    const Fault fault = subject.victim.run(snippet_unaligned, registers);
    // CPUs and Bochs deliver it; QEMU's interpreter (7.2) never checks alignment and lets the load through.
    CHECK(fault.is_exception(17) || fault.is_done());
}

SYSTEM_TEST("behaviour 17: a non-canonical address is exception 13, through the stack 12 or 13") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = 0x8000'0000'0000;
    CHECK(subject.victim.run(snippet_load, registers).is_exception(general_protection));
    CHECK(subject.victim.run(snippet_call, registers).is_exception(general_protection));
    registers[UserRegister::rsp] = 0x8000'0000'0000;
    const Fault stack = subject.victim.run(snippet_stack_load, registers);
    CHECK(stack.is_exception(12) || stack.is_exception(general_protection));
}

SYSTEM_TEST("behaviour 17: a jump to 0 and a jump into data are page faults with the address") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    Fault fault = subject.victim.run(snippet_call, registers);
    REQUIRE(fault.kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault.address(), 0);
    CHECK_EQUAL(fault.ip(), 0);
    REQUIRE_OK(subject.victim.space().map_new(0x500000, {.write = true}));
    registers[UserRegister::rdi] = 0x500010;
    fault = subject.victim.run(snippet_call, registers);
    REQUIRE(fault.kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault.address(), 0x500010);
    CHECK_EQUAL(fault.words[abi::vm_fault::instruction_fetch], 1);
    CHECK_EQUAL(fault.error_code(), test::page_fault::present | test::page_fault::user | test::page_fault::fetch);
}

SYSTEM_TEST("behaviour 17: a stack that overflows into its guard page is a write fault right below it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const Fault fault = subject.victim.run(snippet_push);
    REQUIRE(fault.kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault.address(), Victim::stack_top - page_size - 8);
    CHECK_EQUAL(fault.error_code(), test::page_fault::write | test::page_fault::user);
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rsp], Victim::stack_top - page_size);
}

SYSTEM_TEST("R36: a fault with RSP unmapped, non-canonical or of the kernel is reported without touching it") {
    const Word stacks[] = {0x10000, 0x7fff'ffff'fff8, 0x8000'0000'0000, kernel_text, 0xffff'8000'0000'0000, ~Word{7},
                           1};
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const Word stack : stacks) {
        sys::UserRegisters registers;
        registers[UserRegister::rsp] = stack;
        Fault fault = subject.victim.run(snippet_done, registers);
        REQUIRE(fault.is_exception(6));
        CHECK_EQUAL(fault.words[abi::user_exception::rsp], stack);
        fault = subject.victim.run(snippet_hlt, registers);
        REQUIRE(fault.is_exception(general_protection));
        fault = subject.victim.run(snippet_push, registers);
        REQUIRE(fault.kind == abi::Fault::vm_fault || fault.is_exception(12) || fault.is_exception(13));
        registers[UserRegister::rdx] = 777;
        fault = subject.victim.run(snippet_syscall, registers);
        REQUIRE(fault.kind == abi::Fault::unknown_syscall);
        CHECK_EQUAL(fault.words[abi::unknown_syscall::rsp], stack);
    }
}

SYSTEM_TEST("R33: every INT n is a message to the handler, and none opens a gate") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (unsigned vector = 0; vector < 256; ++vector) {
        sys::UserRegisters registers;
        registers[UserRegister::rip] = Victim::address_of(snippet_int_table) + vector * test::interrupt_stride;
        const Fault fault = subject.victim.run(snippet_int_table, registers);
        REQUIRE(fault.kind == abi::Fault::user_exception);
        // Breakpoint and overflow have gates for ring 3; every other is #GP with the gate's number in the error code.
        if (vector == 3 || vector == 4) {
            REQUIRE(CHECK_EQUAL(fault.words[abi::user_exception::vector], vector));
            continue;
        }
        REQUIRE(CHECK_EQUAL(fault.words[abi::user_exception::vector], general_protection));
        // The CPU says 8 n + 2; QEMU's interpreter says 16 n + 2.
        const Word code = fault.words[abi::user_exception::error_code];
        CHECK(code == (Word{vector} << 3 | 2) || code == (Word{vector} << 4 | 2));
    }
}

SYSTEM_TEST("behaviour 45: a foreign system call reaches the handler with all registers, which may emulate it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    for (unsigned i = 3; i < 18; ++i)
        registers.words[i] = 0x1111 * i;
    registers[UserRegister::rdx] = 60;
    const Fault fault = subject.victim.run(snippet_syscall, registers);
    REQUIRE(fault.kind == abi::Fault::unknown_syscall);
    CHECK_EQUAL(fault.length, abi::unknown_syscall::length);
    CHECK_EQUAL(fault.words[abi::unknown_syscall::number], 60);
    CHECK_EQUAL(fault.words[abi::unknown_syscall::fault_ip], Victim::address_of(snippet_syscall));
    CHECK_EQUAL(fault.words[abi::unknown_syscall::rax], registers[UserRegister::rax]);
    CHECK_EQUAL(fault.words[abi::unknown_syscall::rdi], registers[UserRegister::rdi]);
    CHECK_EQUAL(fault.words[abi::unknown_syscall::rsp], Victim::stack_top);
    // Emulated: rax = 42, and on behind the SYSCALL.
    abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
    for (unsigned i = 4; i < abi::unknown_syscall::reply_length; ++i)
        buffer.message[i] = fault.words[i];
    buffer.message[abi::unknown_syscall::fault_ip] = fault.words[abi::unknown_syscall::fault_ip] + 2;
    subject.victim.reply_object().send(
        {abi::MessageInfo(0, abi::unknown_syscall::reply_length), 42, fault.words[1], fault.words[2], fault.words[3]});
    const auto end = subject.victim.next_fault();
    REQUIRE(end.has_value());
    CHECK(end->is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 42);
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rsp], Victim::stack_top);
}

SYSTEM_TEST("R38: a thread that faults without a handler stops; the others and the machine go on") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.tcb().set_sched_params(test::own_tcb(), {}, test::base_priority, subject.victim.context(),
                                                     sys::Endpoint()));
    for (const uint8_t* snippet : {snippet_done, snippet_hlt, snippet_push, snippet_divide}) {
        REQUIRE_OK(subject.victim.start(snippet));
        const Word address = Victim::address_of(snippet);
        test::wait_until([] { return false; }, 20);
        // It stands at the instruction that faulted (a little further for those of several instructions).
        const Word ip = subject.victim.registers()[UserRegister::rip];
        CHECK(ip >= address && ip < address + 16);
    }
    Subject other;
    REQUIRE_OK(other.make());
    CHECK(other.victim.run(snippet_done).is_done());
}

SYSTEM_TEST("behaviour 19: a fault without handler leaves the thread where its supervisor can see and resume it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.tcb().set_sched_params(test::own_tcb(), {}, test::base_priority, subject.victim.context(),
                                                     sys::Endpoint()));
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = 0x700000;
    REQUIRE_OK(subject.victim.start(snippet_load, registers));
    test::wait_until([] { return false; }, 20);
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rip], Victim::address_of(snippet_load));
    // With a handler and another go it faults again, and now somebody is told.
    REQUIRE_OK(subject.victim.tcb().set_sched_params(test::own_tcb(), {}, test::base_priority, subject.victim.context(),
                                                     subject.victim.faults()));
    REQUIRE_OK(subject.victim.tcb().resume());
    const auto fault = subject.victim.next_fault();
    REQUIRE(fault.has_value());
    CHECK_EQUAL(fault->address(), 0x700000);
}

SYSTEM_TEST("a fault reply with a non-zero label leaves the thread stopped") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE(subject.victim.run(snippet_done).is_done());
    subject.victim.reply_object().send(sys::Message::of_label(1));
    CHECK(!subject.victim.next_fault(30).has_value());
}

SYSTEM_TEST("an exception reply changes instruction pointer, stack pointer and flags") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE(subject.victim.run(snippet_divide).is_exception(0));
    subject.victim.reply_object().send(
        {abi::MessageInfo(0, abi::user_exception::reply_length), Victim::address_of(snippet_done), 0x123450, ~Word{0}});
    const auto fault = subject.victim.next_fault();
    REQUIRE(fault.has_value());
    CHECK(fault->is_done());
    CHECK_EQUAL(fault->words[abi::user_exception::rsp], 0x123450);
    CHECK_EQUAL(fault->words[abi::user_exception::rflags] & 0x1ff, 0xd7); // never TF
}

SYSTEM_TEST("IRET to ring 0 goes to the handler") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = kernel_text;
    const Fault fault = subject.victim.run(snippet_iret, registers);
    // The CPU says #GP; QEMU's interpreter reads the frame with the kernel's rights, which SMAP refuses.
    CHECK(fault.is_exception(general_protection) ||
          (fault.kind == abi::Fault::vm_fault && fault.error_code() == test::page_fault::present));
    CHECK(fault.ip() - Victim::address_of(snippet_iret) < 16);
}

SYSTEM_TEST("FPU disabled: the first SSE instruction is exception 7") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.tcb().set_flags(0, 1));
    CHECK(subject.victim.run(snippet_sse).is_exception(7));
    REQUIRE_OK(subject.victim.tcb().set_flags(1, 0));
    CHECK(subject.victim.run(snippet_sse).is_done());
}
