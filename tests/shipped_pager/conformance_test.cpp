// SPDX-License-Identifier: BSD-2-Clause
// The shipped pager, as it is but for its process, on the kernel's core in this process: the cases that every pager must pass, and
// its death at its kernel entries.
#include <pagers/dying_pager.hpp>
#include <tests/shipped_pager/shipped_pager.hpp>

using namespace test;
using conformance::Shipped;

TEST_CASE("pagers: the shipped pager conforms") { run_all<Shipped>(conformance::cases()); }

TEST_CASE("pagers: killed at each of its kernel entries, the shipped pager is replaced and nothing is lost") {
    CHECK(touch_and_die<Shipped>({24}, 6) > 100);
}

TEST_CASE("pagers: killed at many of its kernel entries, the shipped pager that swaps loses nothing") {
    constexpr unsigned stride = 37;
    CHECK(touch_and_die<Shipped>({18}, 30, stride) > 40);
}
