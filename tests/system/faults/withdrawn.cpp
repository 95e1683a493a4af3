// SPDX-License-Identifier: BSD-2-Clause
// What was there before is no longer, or is no longer allowed.
#include <tests/system/faults/scenario.hpp>

using test::PageAccess;
using test::Scenario;
using test::somewhere;
using test::Victim;

SYSTEM_TEST("faults: use-after-unmap") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("use-after-unmap"));
    REQUIRE_VALUE(frame, scenario.space().map_new(somewhere, PageAccess::read_write()));
    CHECK(scenario.runs_through(snippet_store, somewhere));
    REQUIRE_OK(frame.unmap());
    CHECK(scenario.faults_at(somewhere, snippet_load));
}

SYSTEM_TEST("faults: use-after-revoke") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("use-after-revoke"));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_OK(scenario.space().map_copy(frame, somewhere, PageAccess::read_write()));
    CHECK(scenario.runs_through(snippet_store, somewhere));
    REQUIRE_OK(frame.ref().revoke());
    CHECK(scenario.faults_at(somewhere, snippet_load));
}

SYSTEM_TEST("faults: use-after-delete") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("use-after-delete"));
    {
        REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
        REQUIRE_OK(frame->map(scenario.space().root(), 0x401000, PageAccess::read_write()));
        CHECK(scenario.runs_through(snippet_store, 0x401000));
    }
    CHECK(scenario.faults_at(0x401000, snippet_load));
}

SYSTEM_TEST("faults: write-after-protect") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("write-after-protect"));
    REQUIRE_VALUE(frame, scenario.space().map_new(somewhere, PageAccess::read_write()));
    CHECK(scenario.runs_through(snippet_store, somewhere));
    REQUIRE_OK(frame.map(scenario.space().root(), somewhere, PageAccess::read_only()));
    CHECK(scenario.runs_through(snippet_load, somewhere));
    CHECK(scenario.faults_at(somewhere, snippet_store));
}

SYSTEM_TEST("faults: code-withdrawn") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("code-withdrawn"));
    REQUIRE_OK(scenario.victim().code_frame().unmap());
    CHECK(scenario.faults_at(Victim::address_of(snippet_load), snippet_load));
}

SYSTEM_TEST("faults: stack-withdrawn") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("stack-withdrawn"));
    REQUIRE_OK(scenario.victim().stack_frame().unmap());
    CHECK(scenario.faults_at(Victim::stack_top - 8, snippet_push, {}));
}

SYSTEM_TEST("faults: ipc-buffer-withdrawn") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("ipc-buffer-withdrawn"));
    REQUIRE_OK(scenario.victim().buffer_frame().unmap());
    CHECK(scenario.faults_at(Victim::buffer + 8, snippet_store));
}
