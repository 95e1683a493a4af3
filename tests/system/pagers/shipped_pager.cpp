// SPDX-License-Identifier: BSD-2-Clause
// The shipped pager (pager/) against the cases that every pager must pass.
#include <tests/shipped_pager/shipped_pager.hpp>
#include <tests/system/pagers/machine.hpp>

namespace {

constexpr size_t case_count = 15;
size_t cases_run = 0;

void conform(std::string_view name) {
    test::conform<conformance::Shipped>(conformance::cases(), name);
    ++cases_run;
}

} // namespace

SYSTEM_TEST("shipped: an untouched page reads zero") { conform("an untouched page reads zero"); }
SYSTEM_TEST("shipped: every page takes a store and keeps its own") {
    conform("every page takes a store and keeps its own");
}
SYSTEM_TEST("shipped: loads, stores and evictions in random order") {
    conform("loads, stores and evictions in random order");
}
SYSTEM_TEST("shipped: evicted pages come back as they were") { conform("evicted pages come back as they were"); }
SYSTEM_TEST("shipped: outside of the region all is denied") { conform("outside of the region all is denied"); }
SYSTEM_TEST("shipped: what is not executable is not executed") { conform("what is not executable is not executed"); }
SYSTEM_TEST("shipped: a read-only region refuses stores") { conform("a read-only region refuses stores"); }
SYSTEM_TEST("shipped: many at one page at once all go on") { conform("many at one page at once all go on"); }
SYSTEM_TEST("shipped: a storm of faults loses none") { conform("a storm of faults loses none"); }
SYSTEM_TEST("shipped: one answer settles a fault") { conform("one answer settles a fault"); }
SYSTEM_TEST("shipped: when memory is gone, who asks is told so") {
    conform("when memory is gone, who asks is told so");
}
SYSTEM_TEST("shipped: a client that goes away costs nothing") { conform("a client that goes away costs nothing"); }
SYSTEM_TEST("shipped: a pager that dies at any step is replaced") {
    conform("a pager that dies at any step is replaced");
}
SYSTEM_TEST("shipped: a pager that dies in a request is replaced") {
    conform("a pager that dies in a request is replaced");
}
SYSTEM_TEST("shipped: many lives of a pager lose nothing") { conform("many lives of a pager lose nothing"); }
SYSTEM_TEST("shipped: no case is left out") {
    CHECK_EQUAL(cases_run, case_count);
    CHECK_EQUAL(conformance::cases().size(), case_count);
}
