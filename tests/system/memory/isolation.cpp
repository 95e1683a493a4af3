// SPDX-License-Identifier: BSD-2-Clause
// What address spaces and threads keep from each other, and the kernel from all of them.
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using sys::PageAccess;
using test::Cap;
using test::Fault;
using test::page_size;
using test::Subject;
using test::Victim;
using test::View;
using test::Word;

namespace {

constexpr Word kernel_image = 0xffff'ffff'8000'0000;
constexpr Word physical_window = 0xffff'8000'0000'0000;
constexpr Word device_window = 0xffff'ff00'0000'0000;
constexpr Word somewhere = 0x600000;

sys::UserRegisters with_rdi(Word value, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = value;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

/// A page fault of ring 3 at that address.
bool is_refused(const Fault& fault, Word address) {
    return fault.kind == abi::Fault::vm_fault && fault.address() == address &&
           (fault.error_code() & test::page_fault::user) != 0;
}

/// What a thread reads there; the fault's kind is checked by the caller through `fault`.
Word load(Subject& subject, Word address, Fault& fault) {
    fault = subject.victim.run(snippet_load, with_rdi(address));
    return subject.victim.registers()[UserRegister::rax];
}

} // namespace

SYSTEM_TEST("R30: reading, writing or executing any upper-half address from ring 3 is a fault to the handler") {
    const Word places[] = {kernel_image,          kernel_image + 0x100000,    kernel_image + 0x200000,
                           physical_window,       physical_window + 0x100000, physical_window + 0x1000000,
                           device_window,         device_window + page_size,  0xffff'ffff'ffff'f000,
                           0xffff'ffff'ffff'fff8, 0xffff'c000'0000'0000};
    Subject subject;
    REQUIRE_OK(subject.make());
    for (const Word place : places) {
        REQUIRE(is_refused(subject.victim.run(snippet_load, with_rdi(place)), place));
        REQUIRE(is_refused(subject.victim.run(snippet_store, with_rdi(place, 0x90909090)), place));
        REQUIRE(is_refused(subject.victim.run(snippet_call, with_rdi(place)), place));
    }
    CHECK(subject.victim.run(snippet_done).is_done());
}

SYSTEM_TEST("R12: no page of the kernel's half is accessible to ring 3") {
    Subject subject;
    REQUIRE_OK(subject.make());
    // The kernel image and what lies behind it page by page, the windows by steps, each PML4 entry once.
    for (Word page = 0; page < 1024; ++page)
        REQUIRE(is_refused(subject.victim.run(snippet_load, with_rdi(kernel_image + page * page_size)),
                           kernel_image + page * page_size));
    for (Word page = 0; page < 512; ++page) {
        const Word address = physical_window + (page << 18);
        REQUIRE(is_refused(subject.victim.run(snippet_load, with_rdi(address)), address));
    }
    for (Word entry = 256; entry < 512; ++entry) {
        const Word address = 0xffff'0000'0000'0000 | entry << 39;
        REQUIRE(is_refused(subject.victim.run(snippet_load, with_rdi(address)), address));
    }
}

SYSTEM_TEST(
    "R11: a program in an address space of its own is interrupted and makes system calls, so the kernel is there") {
    // With anything of the switch path missing from the new tables this would be a triple fault.
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.start(snippet_spin));
    const Word start = test::now();
    while (test::now() - start < test::milliseconds(30))
        test::yield(); // several preemptions of both
    const Word turns = subject.victim.tcb().read_registers(true).take()[UserRegister::rax];
    CHECK(turns > 1000);
}

SYSTEM_TEST("behaviour 10: code cannot be written, data and stack cannot be executed") {
    Subject subject;
    REQUIRE_OK(subject.make());
    Fault fault = subject.victim.run(snippet_store, with_rdi(Victim::code + 8));
    CHECK(is_refused(fault, Victim::code + 8));
    CHECK_EQUAL(fault.error_code(), test::page_fault::present | test::page_fault::write | test::page_fault::user);
    fault = subject.victim.run(snippet_call, with_rdi(Victim::stack_top - 64));
    CHECK(is_refused(fault, Victim::stack_top - 64));
    CHECK_EQUAL(fault.error_code(), test::page_fault::present | test::page_fault::fetch | test::page_fault::user);
    CHECK_EQUAL(fault.words[abi::vm_fault::instruction_fetch], 1);
}

SYSTEM_TEST("R16: rights and attributes become page-table bits: what each mask lets ring 3 do") {
    Subject subject;
    REQUIRE_OK(subject.make());
    for (unsigned mask = 0; mask < 8; ++mask) {
        const PageAccess access{.read = (mask & 1) != 0, .write = (mask & 2) != 0, .execute = (mask & 4) != 0};
        Word address = 0x600000 + mask * page_size;
        REQUIRE_OK(subject.victim.space().map_copy(subject.victim.code_frame(), address, access));
        // Without read a mapping is inaccessible to user mode, whatever else it says.
        CHECK_EQUAL(subject.victim.run(snippet_load, with_rdi(address)).is_done(), access.read);
        address += static_cast<Word>(snippet_done - snippets_start);
        CHECK_EQUAL(subject.victim.run(snippet_call, with_rdi(address)).is_done() &&
                        subject.victim.registers()[UserRegister::rip] == address,
                    access.read && access.execute);
        address += 0xf00 - static_cast<Word>(snippet_done - snippets_start); // behind the last snippet
        CHECK_EQUAL(subject.victim.run(snippet_store, with_rdi(address)).is_done(), access.read && access.write);
    }
}

SYSTEM_TEST(
    "behaviour 13: the same address in two processes holds different contents; unmapping one leaves the other") {
    Subject subjects[2];
    Fault fault;
    for (Word i = 0; i < 2; ++i) {
        REQUIRE_OK(subjects[i].make());
        REQUIRE_OK(subjects[i].victim.space().map_new(somewhere, PageAccess::read_write()));
        REQUIRE(subjects[i].victim.run(snippet_store, with_rdi(somewhere, 100 + i)).is_done());
    }
    for (Word i = 0; i < 2; ++i)
        CHECK_EQUAL(load(subjects[i], somewhere, fault), 100 + i);
    REQUIRE_VALUE(spare, subjects[0].victim.space().map_new(somewhere + page_size, PageAccess::read_write()));
    REQUIRE_OK(spare.unmap());
    REQUIRE_OK(spare.map(subjects[0].victim.space().root(), somewhere, PageAccess::read_write())); // replaces the page
    CHECK_EQUAL(load(subjects[0], somewhere, fault), 0);
    REQUIRE_OK(spare.unmap());
    CHECK(is_refused(subjects[0].victim.run(snippet_load, with_rdi(somewhere)), somewhere));
    CHECK_EQUAL(load(subjects[1], somewhere, fault), 101);
    CHECK(fault.is_done());
}

SYSTEM_TEST("behaviour 13: no stale translation after remapping, taking rights, unmapping, deleting and revoking") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    REQUIRE_OK(subject.victim.space().map_new(somewhere, PageAccess::read_write()));
    REQUIRE_VALUE(second, sys::make_object<sys::Frame>(test::space(), subject.memory));
    {
        REQUIRE_VALUE(view, View::of(second));
        view.words()[0] = 2222;
    }
    Fault fault;
    REQUIRE(subject.victim.run(snippet_store, with_rdi(somewhere, 1111)).is_done());
    CHECK_EQUAL(load(subject, somewhere, fault), 1111);
    REQUIRE_OK(second->map(root, somewhere, PageAccess::read_write()));
    CHECK_EQUAL(load(subject, somewhere, fault), 2222);
    REQUIRE_OK(second->map(root, somewhere, PageAccess::read_only()));
    CHECK(is_refused(subject.victim.run(snippet_store, with_rdi(somewhere)), somewhere));
    CHECK_EQUAL(load(subject, somewhere, fault), 2222);
    REQUIRE_OK(second->unmap());
    CHECK(is_refused(subject.victim.run(snippet_load, with_rdi(somewhere)), somewhere));
    REQUIRE_OK(second->map(root, somewhere, PageAccess::read_write()));
    CHECK_EQUAL(load(subject, somewhere, fault), 2222);
    second.reset(); // deleting a mapped frame capability unmaps it
    CHECK(is_refused(subject.victim.run(snippet_load, with_rdi(somewhere)), somewhere));

    REQUIRE_VALUE(pool, test::make_untyped(abi::page_bits, subject.memory));
    REQUIRE_VALUE(slot, test::space().allocate());
    REQUIRE_OK(pool->retype_into(abi::ObjectType::frame_4k, 0, test::own_cnode(), slot.number()));
    REQUIRE_OK(sys::Frame(slot.number()).map(root, somewhere, PageAccess::read_write()));
    CHECK_EQUAL(load(subject, somewhere, fault), 0);
    REQUIRE(fault.is_done());
    REQUIRE_OK(pool.ref().revoke());
    CHECK(is_refused(subject.victim.run(snippet_load, with_rdi(somewhere)), somewhere));
}

SYSTEM_TEST("no stale translation in the caller's own space, where nothing else would flush it") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(first, sys::make_object<sys::Frame>(test::space(), memory));
    REQUIRE_VALUE(second, sys::make_object<sys::Frame>(test::space(), memory));
    const Word page = test::take_window_page();
    auto* const word = reinterpret_cast<volatile Word*>(page);
    for (Word round = 1; round <= 100; ++round) {
        const sys::Frame now = round % 2 == 0 ? first.get() : second.get();
        CHECK_OK(now.map(test::own_space(), page, PageAccess::read_write()));
        CHECK_EQUAL(*word, round <= 2 ? 0 : round - 2);
        *word = round;
        CHECK_OK(now.unmap());
    }
    test::release_window_page(page);
}

SYSTEM_TEST("FPU, SSE and segment bases belong to their thread, however often threads are preempted") {
    constexpr unsigned count = 4;
    constexpr Word turns = 60000;
    Subject subjects[count];
    for (Word i = 0; i < count; ++i) {
        REQUIRE_OK(subjects[i].make());
        REQUIRE_OK(subjects[i].victim.space().map_new(somewhere, PageAccess::read_write()));
        REQUIRE(subjects[i].victim.run(snippet_store, with_rdi(somewhere, 0x1234'0000 + i)).is_done());
        sys::UserRegisters registers = with_rdi(0x1234'0000 + i, turns);
        registers[UserRegister::fs_base] = somewhere;
        registers[UserRegister::gs_base] = somewhere;
        REQUIRE_OK(subjects[i].victim.start(snippet_fpu, registers));
    }
    for (Subject& subject : subjects) {
        REQUIRE(subject.victim.next_fault(20000).value_or(Fault{}).is_done());
        CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 1);
        CHECK_EQUAL(subject.victim.registers()[UserRegister::rsi], 0);
    }
}

SYSTEM_TEST("a new thread sees a fresh FPU, flat selectors and none of the values of others") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE(subject.victim.run(snippet_segments).is_done());
    const sys::UserRegisters registers = subject.victim.registers();
    CHECK_EQUAL(registers[UserRegister::r10] & 3, 3); // cs
    CHECK_EQUAL(registers[UserRegister::r9] & 3, 3); // ss
    for (const UserRegister other : {UserRegister::rdi, UserRegister::rsi, UserRegister::rbp, UserRegister::r12,
                                     UserRegister::r13, UserRegister::r14, UserRegister::r15, UserRegister::fs_base})
        CHECK_EQUAL(registers[other], 0);
}

SYSTEM_TEST("X1: SYSCALL in the last bytes of the user half returns to a fault, not to ring 0") {
    constexpr Word last_page = abi::user_end - page_size;
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(frame, subject.victim.space().map_new(last_page, PageAccess::read_execute()));
    {
        REQUIRE_VALUE(view, View::of(frame));
        view.bytes()[page_size - 2] = 0x0f;
        view.bytes()[page_size - 1] = 0x05;
    }
    sys::UserRegisters registers;
    registers[UserRegister::rip] = abi::user_end - 2;
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::yield);
    const Fault fault = subject.victim.run(snippet_done, registers);
    REQUIRE(fault.kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault.address(), abi::user_end);
    CHECK_EQUAL(fault.ip(), abi::user_end);
}

SYSTEM_TEST("register writes are made safe: no non-canonical address, no privileged flag reaches ring 3") {
    Subject subject;
    REQUIRE_OK(subject.make());
    sys::UserRegisters registers;
    for (Word& word : registers.words)
        word = 0x8000'0000'0000'0001;
    registers[UserRegister::rflags] = ~Word{0};
    REQUIRE_OK(subject.victim.tcb().write_registers(registers, abi::user_register_count, false));
    const sys::UserRegisters read = subject.victim.registers();
    CHECK_EQUAL(read[UserRegister::rip], 0);
    CHECK_EQUAL(read[UserRegister::fs_base], 0);
    CHECK_EQUAL(read[UserRegister::gs_base], 0);
    CHECK_EQUAL(read[UserRegister::rsp], 0x8000'0000'0000'0001);
    CHECK_EQUAL(read[UserRegister::rflags], 0xed7 | 0x200);
    REQUIRE_OK(subject.victim.tcb().resume());
    const auto fault = subject.victim.next_fault();
    REQUIRE(fault.has_value());
    CHECK(is_refused(*fault, 0));
}
