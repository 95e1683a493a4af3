// SPDX-License-Identifier: BSD-2-Clause
// Nothing is there: at each level of the tables, in the null page, in guards, and behind the end of a page.
#include <tests/system/faults/scenario.hpp>

using test::page_size;
using test::PageAccess;
using test::Scenario;
using test::somewhere;
using test::UserRegister;
using test::Victim;
using test::with_rdi;
using test::Word;

SYSTEM_TEST("faults: no-pml4-entry") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("no-pml4-entry"));
    CHECK(scenario.faults_at(0x100'0000'0008, snippet_load));
}

SYSTEM_TEST("faults: no-pdpt-entry") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("no-pdpt-entry"));
    CHECK(scenario.faults_at(0x4000'0010, snippet_load));
}

SYSTEM_TEST("faults: no-directory-entry") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("no-directory-entry"));
    CHECK(scenario.faults_at(0x60'0018, snippet_load));
}

SYSTEM_TEST("faults: no-page") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("no-page"));
    CHECK(scenario.faults_at(somewhere + 0x20, snippet_load));
}

SYSTEM_TEST("faults: no-page-write") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("no-page-write"));
    CHECK(scenario.faults_at(somewhere + 0x28, snippet_store));
}

SYSTEM_TEST("faults: no-page-call") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("no-page-call"));
    CHECK(scenario.faults_at(somewhere + 0x30, snippet_call));
}

SYSTEM_TEST("faults: end-of-user-half") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("end-of-user-half"));
    CHECK(scenario.faults_at(0x7fff'ffff'fff8, snippet_load));
}

SYSTEM_TEST("faults: null-read") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("null-read"));
    CHECK(scenario.faults_at(0, snippet_load));
}

SYSTEM_TEST("faults: null-write") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("null-write"));
    CHECK(scenario.faults_at(0, snippet_store));
}

SYSTEM_TEST("faults: null-call") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("null-call"));
    CHECK(scenario.faults_at(0, snippet_call));
}

SYSTEM_TEST("faults: near-null") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("near-null"));
    CHECK(scenario.faults_at(0x18, snippet_load));
}

SYSTEM_TEST("faults: minus-one-field") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("minus-one-field"));
    CHECK(scenario.faults_at(~Word{7}, snippet_load));
}

SYSTEM_TEST("faults: stack-overflow") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("stack-overflow"));
    CHECK(scenario.faults_at(Victim::stack_top - page_size - 8, snippet_push));
}

SYSTEM_TEST("faults: stack-underflow") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("stack-underflow"));
    REQUIRE_OK(scenario.victim().buffer_frame().unmap()); // it lies above the free page above the stack
    sys::UserRegisters registers;
    registers[UserRegister::rsp] = Victim::stack_top;
    CHECK(scenario.faults_at(Victim::stack_top, snippet_stack_load, registers));
}

SYSTEM_TEST("faults: stack-pointer-null") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("stack-pointer-null"));
    sys::UserRegisters registers;
    registers[UserRegister::rsp] = 8;
    CHECK(scenario.faults_at(0, snippet_push, registers));
}

SYSTEM_TEST("faults: stack-pointer-wild") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("stack-pointer-wild"));
    sys::UserRegisters registers;
    registers[UserRegister::rsp] = 0x7777'0000'1000;
    CHECK(scenario.faults_at(0x7777'0000'0ff8, snippet_push, registers));
}

SYSTEM_TEST("faults: fetch-across-pages") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("fetch-across-pages"));
    REQUIRE_VALUE(code, scenario.space().map_new(somewhere, PageAccess::read_execute()));
    REQUIRE_VALUE(view, test::View::of(code));
    view.bytes()[page_size - 2] = 0x48; // the first two bytes of a MOV of ten
    view.bytes()[page_size - 1] = 0xb8;
    sys::UserRegisters registers;
    registers[UserRegister::rip] = somewhere + page_size - 2;
    CHECK(scenario.faults_at(somewhere + page_size, snippet_done, registers));
}

SYSTEM_TEST("faults: read-across-pages") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("read-across-pages"));
    REQUIRE_OK(scenario.space().map_new(somewhere, PageAccess::read_write()));
    CHECK(scenario.faults_at(somewhere + page_size, snippet_load, with_rdi(somewhere + page_size - 4)));
}

SYSTEM_TEST("faults: write-across-pages") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("write-across-pages"));
    REQUIRE_OK(scenario.space().map_new(somewhere, PageAccess::read_write()));
    CHECK(scenario.faults_at(somewhere + page_size, snippet_store, with_rdi(somewhere + page_size - 4)));
}

SYSTEM_TEST("faults: copy-from-nothing") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("copy-from-nothing"));
    CHECK(scenario.faults_at(somewhere, snippet_movs, with_rdi(Victim::stack_top - 64, somewhere)));
}

SYSTEM_TEST("faults: copy-to-nothing") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("copy-to-nothing"));
    CHECK(scenario.faults_at(somewhere, snippet_movs, with_rdi(somewhere, Victim::stack_top - 64)));
}

SYSTEM_TEST("faults: not-canonical-read") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("not-canonical-read"));
    CHECK(scenario.victim().run(snippet_load, with_rdi(0x8000'0000'0000)).is_exception(13));
}

SYSTEM_TEST("faults: not-canonical-write") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("not-canonical-write"));
    CHECK(scenario.victim().run(snippet_store, with_rdi(0xdead'beef'dead'beef)).is_exception(13));
}
