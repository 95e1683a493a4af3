// SPDX-License-Identifier: BSD-2-Clause
// TCB.Spawn: what the seed's hand-over checked, each refusal with its own error, and ten thousand lives.
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using sys::PageAccess;
using sys::SpawnRefusal;
using test::Cap;
using test::Fault;
using test::page_size;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

/// Message words that a refusal names.
constexpr Word cspace_word = 0, vspace_word = 2, handler_word = 3, context_word = 4, authority_word = 7, entry_word = 9,
               stack_word = 10;
constexpr Word kernel_text = 0xffff'ffff'8010'0000;

bool refused(Subject& subject, const sys::SpawnArguments& with, Word word, SpawnRefusal why, const char* text) {
    return test::check_refused(subject.victim.tcb().spawn(with), abi::Error::invalid_argument, word,
                               static_cast<Word>(why), TEST_WHERE(text));
}

} // namespace

SYSTEM_TEST("R1: spawn with an empty image is refused, and other work goes on") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    REQUIRE_OK(subject.victim.space().map_new(0x500000, PageAccess::read_execute())); // zeros
    sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_done);
    arguments.entry = 0x500000;
    REQUIRE(refused(subject, arguments, entry_word, SpawnRefusal::no_code, "16 zero bytes at the entry"));
    arguments.entry = 0x501000;
    REQUIRE(refused(subject, arguments, entry_word, SpawnRefusal::not_mapped, "nothing at the entry"));
    arguments.entry = Victim::code;
    REQUIRE_OK(subject.victim.tcb().spawn(arguments));
    const auto fault = subject.victim.next_fault();
    CHECK(fault && fault->is_done());
}

SYSTEM_TEST("R7: a check of a user address by the kernel never faults; it returns an error") {
    // The same addresses mean nothing, something else or kernel memory in the caller's own space.
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_done);
    for (const Word entry : test::hostile_words()) {
        arguments.entry = entry;
        if (entry == Victim::code || entry == Victim::code + 1)
            continue;
        REQUIRE(refused(subject, arguments, entry_word,
                        entry < abi::user_end ? SpawnRefusal::not_mapped : SpawnRefusal::not_user_half, "entry"));
    }
}

SYSTEM_TEST("behaviour 2: an entry in a page that is not executable, and one in device memory, have their own errors") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    REQUIRE_OK(subject.victim.space().map_copy(subject.victim.code_frame(), 0x500000, PageAccess::read_only()));
    sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_done);
    arguments.entry = 0x500000;
    REQUIRE(refused(subject, arguments, entry_word, SpawnRefusal::not_executable, "read only"));
    // Inaccessible to user mode, because neither read nor write is left.
    REQUIRE_OK(subject.victim.space().map_copy(subject.victim.code_frame(), 0x501000,
                                               {.read = false, .write = false, .execute = true}));
    arguments.entry = 0x501000;
    REQUIRE(refused(subject, arguments, entry_word, SpawnRefusal::not_mapped, "no read right"));

    // The first device untyped that holds a page: low memory or the BIOS area.
    Cap<sys::Frame> device;
    const abi::SlotRegion region = test::boot_info().untyped;
    for (Word i = 0; i < region.count() && !device; ++i) {
        const abi::UntypedDescriptor& piece = test::boot_info().untyped_list[i];
        if (!piece.is_device || piece.size_bits < abi::page_bits)
            continue;
        auto made = sys::make_object<sys::Frame>(test::space(), sys::Untyped(region.start + i));
        if (made)
            device = made.take();
    }
    REQUIRE(device);
    REQUIRE_OK(subject.victim.space().map(device, 0x502000, PageAccess::read_execute()));
    arguments.entry = 0x502000;
    CHECK(refused(subject, arguments, entry_word, SpawnRefusal::not_ram, "device memory"));
}

SYSTEM_TEST("spawn refuses a stack that is not there, not writable, not aligned or not in the user half") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_done);
    const auto expect = [&](Word stack, SpawnRefusal why, const char* text) {
        arguments.stack_pointer = stack;
        return refused(subject, arguments, stack_word, why, text);
    };
    CHECK(expect(Victim::stack_top + 16, SpawnRefusal::not_mapped, "above the stack"));
    CHECK(expect(Victim::stack_top - page_size, SpawnRefusal::not_mapped, "nothing below it"));
    CHECK(expect(Victim::stack_top - 8, SpawnRefusal::not_aligned, "8-aligned"));
    CHECK(expect(Victim::code + page_size, SpawnRefusal::not_writable, "in code"));
    for (const Word stack : {Word{0}, abi::user_end + 16, Word{0x8000'0000'0000}, kernel_text, ~Word{15}})
        CHECK(expect(stack, SpawnRefusal::not_user_half, "outside"));
    arguments.stack_pointer = Victim::stack_top - 16;
    REQUIRE_OK(subject.victim.tcb().spawn(arguments));
    CHECK(subject.victim.next_fault().value_or(Fault{}).is_done());
}

SYSTEM_TEST("spawn refuses wrong capabilities by the word they came in") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    const sys::SpawnArguments good = subject.victim.spawn_arguments(snippet_done);
    const auto expect = [&](const sys::SpawnArguments& with, Word word, const char* text) {
        const auto result = subject.victim.tcb().spawn(with);
        return test::check_refused(result, abi::Error::invalid_capability, TEST_WHERE(text)) &&
               test::check_equal(result.error().detail(0), word, TEST_WHERE(text));
    };
    const Word wrong = subject.victim.reply_object().slot();
    sys::SpawnArguments bad = good;
    bad.cspace = sys::CNode(wrong);
    CHECK(expect(bad, cspace_word, "cspace"));
    bad = good;
    bad.vspace = sys::VSpace(wrong);
    CHECK(expect(bad, vspace_word, "vspace"));
    bad = good;
    bad.fault_handler = sys::Object(wrong);
    CHECK(expect(bad, handler_word, "fault handler"));
    bad = good;
    bad.sched_context = sys::SchedContext(wrong);
    CHECK(expect(bad, context_word, "scheduling context"));
    bad = good;
    bad.authority = sys::Object(wrong);
    CHECK(expect(bad, authority_word, "authority"));
    bad = good;
    bad.authority = subject.victim.tcb(); // its MCP is 0
    CHECK_REFUSED(subject.victim.tcb().spawn(bad), abi::Error::range_error);
    bad = good;
    bad.ipc_buffer += 8;
    CHECK_REFUSED(subject.victim.tcb().spawn(bad), abi::Error::alignment_error);
    REQUIRE_OK(subject.victim.tcb().spawn(good));
    CHECK(subject.victim.next_fault().value_or(Fault{}).is_done());
}

SYSTEM_TEST("spawn happens whole or not at all: a refused thread does not run and can be spawned later") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_done);
    arguments.stack_pointer = 16;
    CHECK_REFUSED(subject.victim.tcb().spawn(arguments), abi::Error::invalid_argument);
    REQUIRE_OK(subject.victim.tcb().resume()); // has neither space nor context, whatever was asked before
    CHECK(!subject.victim.next_fault(20).has_value());
    const sys::UserRegisters registers = subject.victim.registers();
    CHECK_EQUAL(registers[UserRegister::rip], 0);
    CHECK_EQUAL(registers[UserRegister::rdi], 0);
    REQUIRE_OK(subject.victim.tcb().suspend());
    arguments.stack_pointer = Victim::stack_top;
    REQUIRE_OK(subject.victim.tcb().spawn(arguments));
    CHECK(subject.victim.next_fault().value_or(Fault{}).is_done());
    CHECK_REFUSED(subject.victim.tcb().spawn(arguments), abi::Error::illegal_operation); // it has a space now
}

SYSTEM_TEST("a spawned thread starts at its entry with its stack, its argument and nothing else") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_done);
    arguments.argument = 0x1234'5678'9abc;
    arguments.fs_base = 0x401230;
    REQUIRE_OK(subject.victim.tcb().spawn(arguments));
    REQUIRE(subject.victim.next_fault().value_or(Fault{}).is_done());
    const sys::UserRegisters registers = subject.victim.registers();
    CHECK_EQUAL(registers[UserRegister::rip], Victim::address_of(snippet_done));
    CHECK_EQUAL(registers[UserRegister::rsp], Victim::stack_top);
    CHECK_EQUAL(registers[UserRegister::rdi], 0x1234'5678'9abc);
    CHECK_EQUAL(registers[UserRegister::fs_base], 0x401230);
    CHECK_EQUAL(registers[UserRegister::rflags] & ~Word{0x10000}, 0x202);
    for (const UserRegister other : {UserRegister::rax, UserRegister::rbx, UserRegister::rcx, UserRegister::rdx,
                                     UserRegister::rsi, UserRegister::rbp, UserRegister::r8, UserRegister::r15})
        CHECK_EQUAL(registers[other], 0);
}

SYSTEM_TEST("R2: code at 0x400000 and a stack at the top of the user half are both reachable") {
    constexpr Word high = 0x7fff'ffff'f000;
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    REQUIRE_OK(subject.victim.space().map_new(high - page_size, PageAccess::read_write()));
    sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_push);
    arguments.stack_pointer = high;
    REQUIRE_OK(subject.victim.tcb().spawn(arguments));
    const auto fault = subject.victim.next_fault(); // it wrote the whole page
    REQUIRE(fault.has_value());
    REQUIRE(fault->kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault->address(), high - page_size - 8);
    CHECK_REFUSED(subject.victim.space().map(subject.victim.code_frame(), high, PageAccess::read_only()),
                  abi::Error::invalid_argument);
}

SYSTEM_TEST("R5: low and high stacks both work") {
    for (const Word top :
         {Word{0x1000000}, Word{0x20040000}, Word{0x1'0000'0000}, Word{0x7000'0000'0000}, abi::user_end}) {
        Subject subject;
        REQUIRE_OK(subject.make_raw());
        if (top != Victim::stack_top)
            REQUIRE_OK(subject.victim.space().map_new(top - page_size, PageAccess::read_write()));
        sys::SpawnArguments arguments = subject.victim.spawn_arguments(snippet_push);
        arguments.stack_pointer = top;
        REQUIRE_OK(subject.victim.tcb().spawn(arguments));
        const auto fault = subject.victim.next_fault();
        REQUIRE(fault.has_value());
        CHECK_EQUAL(fault->address(), top - page_size - 8);
    }
}

SYSTEM_TEST("R4: a thread runs in the VSpace that was filled") {
    // Two spaces with different words at the same address; each thread sees its own, wherever it was mapped from.
    Subject subjects[2];
    for (Word i = 0; i < 2; ++i) {
        REQUIRE_OK(subjects[i].make_raw());
        REQUIRE_VALUE(frame, subjects[i].victim.space().map_new(0x600000, PageAccess::read_only()));
        {
            REQUIRE_VALUE(view, test::View::of(frame));
            view.words()[0] = 0xabc0 + i;
        }
        sys::SpawnArguments arguments = subjects[i].victim.spawn_arguments(snippet_load);
        arguments.argument = 0x600000;
        REQUIRE_OK(subjects[i].victim.tcb().spawn(arguments));
    }
    for (Word i = 0; i < 2; ++i) {
        REQUIRE(subjects[i].victim.next_fault().value_or(Fault{}).is_done());
        CHECK_EQUAL(subjects[i].victim.registers()[UserRegister::rax], 0xabc0 + i);
    }
}

SYSTEM_TEST("R39: 10,000 spawn and exit cycles leave memory and slots unchanged") {
    constexpr unsigned cycles = 10000;
    REQUIRE_VALUE(memory, test::make_untyped(Victim::memory_bits));
    for (unsigned i = 0; i < cycles; ++i) {
        Victim victim;
        REQUIRE_OK(victim.make(memory));
        sys::SpawnArguments arguments = victim.spawn_arguments(snippet_load);
        arguments.argument = Victim::code;
        REQUIRE_OK(victim.tcb().spawn(arguments));
        const auto fault = victim.next_fault();
        REQUIRE(fault.has_value());
        REQUIRE(fault->is_done());
    }
}
