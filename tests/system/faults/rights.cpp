// SPDX-License-Identifier: BSD-2-Clause
// A page is there, and what was tried is not allowed on it.
#include <tests/system/faults/scenario.hpp>

using test::page_size;
using test::PageAccess;
using test::Scenario;
using test::somewhere;
using test::UserRegister;
using test::Victim;
using test::with_rdi;
using test::Word;

namespace {

constexpr Word kernel_text = 0xffff'ffff'8010'0000;
constexpr Word physical_window = 0xffff'8000'0000'0000;

} // namespace

SYSTEM_TEST("faults: write-read-only") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("write-read-only"));
    REQUIRE_OK(scenario.space().map_new(somewhere, PageAccess::read_only()));
    CHECK(scenario.faults_at(somewhere + 8, snippet_store));
}

SYSTEM_TEST("faults: write-own-code") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("write-own-code"));
    CHECK(scenario.faults_at(Victim::code, snippet_store));
}

SYSTEM_TEST("faults: exchange-read-only") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("exchange-read-only"));
    REQUIRE_OK(scenario.space().map_new(somewhere, PageAccess::read_only()));
    CHECK(scenario.faults_at(somewhere, snippet_exchange));
}

SYSTEM_TEST("faults: locked-add-read-only") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("locked-add-read-only"));
    REQUIRE_OK(scenario.space().map_new(somewhere, PageAccess::read_only()));
    CHECK(scenario.faults_at(somewhere, snippet_lock_add));
}

SYSTEM_TEST("faults: execute-data") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("execute-data"));
    REQUIRE_OK(scenario.space().map_new(somewhere, PageAccess::read_write()));
    CHECK(scenario.faults_at(somewhere + 0x10, snippet_call));
}

SYSTEM_TEST("faults: execute-stack") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("execute-stack"));
    CHECK(scenario.faults_at(Victim::stack_top - 16, snippet_call));
}

SYSTEM_TEST("faults: kernel-read") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("kernel-read"));
    CHECK(scenario.faults_at(kernel_text, snippet_load));
}

SYSTEM_TEST("faults: kernel-write") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("kernel-write"));
    CHECK(scenario.faults_at(kernel_text, snippet_store));
}

SYSTEM_TEST("faults: kernel-execute") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("kernel-execute"));
    CHECK(scenario.faults_at(kernel_text, snippet_call));
}

SYSTEM_TEST("faults: kernel-stack-pointer") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("kernel-stack-pointer"));
    sys::UserRegisters registers;
    registers[UserRegister::rsp] = kernel_text + 8;
    CHECK(scenario.faults_at(kernel_text, snippet_push, registers));
}

SYSTEM_TEST("faults: physical-window-read") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("physical-window-read"));
    CHECK(scenario.faults_at(physical_window + 0x20'0000, snippet_load));
}

SYSTEM_TEST("faults: kernel-hole-read") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("kernel-hole-read"));
    CHECK(scenario.faults_at(0xffff'f000'0000'0000, snippet_load));
}

SYSTEM_TEST("faults: reserved-bit") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("reserved-bit"));
    REQUIRE_VALUE(frame, scenario.space().map_new(somewhere, PageAccess::read_write()));
    REQUIRE_VALUE(view, test::View::of(scenario.victim().buffer_frame()));
    auto* const buffer = reinterpret_cast<abi::IpcBuffer*>(view.bytes());
    __builtin_memcpy(buffer->message, "spoil", sizeof("spoil")); // the bug that the victim asks a debug kernel for
    sys::UserRegisters registers = with_rdi(somewhere);
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::debug_provoke);
    REQUIRE(scenario.victim().run(snippet_syscall, registers).is_done());
    CHECK(scenario.faults_at(somewhere, snippet_load));
    REQUIRE_OK(frame.map(scenario.space().root(), somewhere, PageAccess::read_write())); // writes the entry anew
    CHECK(scenario.runs_through(snippet_load, somewhere));
}

SYSTEM_TEST("faults: large-page-read-only") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("large-page-read-only"));
    REQUIRE_VALUE(memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), memory));
    REQUIRE_OK(large->map(scenario.space().root(), 0x800000, PageAccess::read_only()));
    CHECK(scenario.runs_through(snippet_load, 0x812340));
    CHECK(scenario.faults_at(0x812340, snippet_store));
}

SYSTEM_TEST("faults: large-page-split") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("large-page-split"));
    REQUIRE_VALUE(memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), memory));
    REQUIRE_OK(large->map(scenario.space().root(), 0x800000, PageAccess::read_write()));
    CHECK(scenario.runs_through(snippet_store, 0x800000));
    CHECK(scenario.runs_through(snippet_store, 0x812340));
    REQUIRE_OK(large->unmap());
    REQUIRE_OK(scenario.space().map_new(0x800000, PageAccess::read_write())); // one of the 512 small pages
    CHECK(scenario.runs_through(snippet_store, 0x800000));
    CHECK(scenario.faults_at(0x812340, snippet_store));
}
