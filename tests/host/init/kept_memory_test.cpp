// SPDX-License-Identifier: BSD-2-Clause
// Which pages are kept for whom.
#include <catch.hpp>
#include <init/kept_memory.hpp>

using init::KeptMemory;
using init::Word;

TEST_CASE("kept memory: an owner gets the same pages each time, and nobody else's", "[init]") {
    KeptMemory kept;
    CHECK(*kept.pages_for(7, 2) == 0);
    CHECK(*kept.pages_for(9, 1) == 2 * 4096);
    CHECK(*kept.pages_for(7, 2) == 0);
    CHECK(*kept.pages_for(7, 1) == 0);
    CHECK(*kept.pages_for(0, 16) == 3 * 4096);
}

TEST_CASE("kept memory: what is not there is refused, and the others keep theirs", "[init]") {
    KeptMemory kept;
    CHECK(kept.pages_for(1, 2));
    CHECK(kept.pages_for(1, 3).error() == sys::ErrorCode::out_of_memory);
    for (Word owner = 2; kept.pages_for(owner, 16); ++owner)
        REQUIRE(owner < 10);
    CHECK(kept.pages_for(20, 14));
    CHECK(kept.pages_for(21, 1).error() == sys::ErrorCode::out_of_memory);
    CHECK(*kept.pages_for(1, 2) == 0);
}
