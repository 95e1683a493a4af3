// SPDX-License-Identifier: BSD-2-Clause
// The compressing pager of servers/pagers/ against the cases that every pager must pass.
#include <tests/pagers/subjects.hpp>
#include <tests/system/pagers/machine.hpp>

namespace {

constexpr size_t case_count = 16;
size_t cases_run = 0;

void conform(std::string_view name) {
    test::conform<conformance::Compressing>(conformance::cases(), name);
    ++cases_run;
}

void discard(std::string_view name) {
    test::conform<conformance::Compressing>(conformance::discard_cases(), name);
    ++cases_run;
}

} // namespace

SYSTEM_TEST("compressing: an untouched page reads zero") { conform("an untouched page reads zero"); }
SYSTEM_TEST("compressing: every page takes a store and keeps its own") {
    conform("every page takes a store and keeps its own");
}
SYSTEM_TEST("compressing: loads, stores and evictions in random order") {
    conform("loads, stores and evictions in random order");
}
SYSTEM_TEST("compressing: evicted pages come back as they were") { conform("evicted pages come back as they were"); }
SYSTEM_TEST("compressing: discarded pages read zero") { discard("discarded pages read zero"); }
SYSTEM_TEST("compressing: outside of the region all is denied") { conform("outside of the region all is denied"); }
SYSTEM_TEST("compressing: what is not executable is not executed") {
    conform("what is not executable is not executed");
}
SYSTEM_TEST("compressing: a read-only region refuses stores") { conform("a read-only region refuses stores"); }
SYSTEM_TEST("compressing: many at one page at once all go on") { conform("many at one page at once all go on"); }
SYSTEM_TEST("compressing: a storm of faults loses none") { conform("a storm of faults loses none"); }
SYSTEM_TEST("compressing: one answer settles a fault") { conform("one answer settles a fault"); }
SYSTEM_TEST("compressing: when memory is gone, who asks is told so") {
    conform("when memory is gone, who asks is told so");
}
SYSTEM_TEST("compressing: a client that goes away costs nothing") { conform("a client that goes away costs nothing"); }
SYSTEM_TEST("compressing: a pager that dies at any step is replaced") {
    conform("a pager that dies at any step is replaced");
}
SYSTEM_TEST("compressing: a pager that dies in a request is replaced") {
    conform("a pager that dies in a request is replaced");
}
SYSTEM_TEST("compressing: many lives of a pager lose nothing") { conform("many lives of a pager lose nothing"); }
SYSTEM_TEST("compressing: no case is left out") {
    CHECK_EQUAL(cases_run, case_count);
    CHECK_EQUAL(conformance::cases().size() + conformance::discard_cases().size(), case_count);
}
