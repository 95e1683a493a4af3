// SPDX-License-Identifier: BSD-2-Clause
// Whose thread a TCB was, when places are used again and again.
#include <catch.hpp>
#include <init/thread_history.hpp>
#include <string>

using init::ThreadHistory;

TEST_CASE("a TCB is its process's from the start of that until the next one has it", "[init]") {
    ThreadHistory history;
    history.add(0x1000, 100, 5, "crasher");
    history.add(0x2000, 150, 6, "clock");
    history.add(0x1000, 200, 7, "a name that is too long for it");
    CHECK(history.find(0x1000, 99) == nullptr);
    REQUIRE(history.find(0x1000, 100) != nullptr);
    CHECK(history.find(0x1000, 100)->pid == 5);
    CHECK(history.find(0x1000, 199)->pid == 5);
    CHECK(std::string(history.find(0x1000, 199)->name) == "crasher");
    CHECK(history.find(0x1000, 200)->pid == 7);
    CHECK(std::string(history.find(0x1000, 300)->name) == "a name that is ");
    CHECK(history.find(0x2000, 1000)->pid == 6);
    CHECK(history.find(0x3000, 1000) == nullptr);
}

TEST_CASE("the oldest lives are forgotten, but those that last", "[init]") {
    ThreadHistory history;
    history.add_lasting(0x9000, "init");
    history.add_lasting(0xa000, "pager");
    for (init::Word i = 0; i < 3 * ThreadHistory::capacity; ++i)
        history.add(0x1000 * (i % 4 + 16), i, i, "x");
    REQUIRE(history.find(0x9000, 0) != nullptr);
    CHECK(std::string(history.find(0x9000, 0)->name) == "init");
    CHECK(std::string(history.find(0xa000, 5)->name) == "pager");
    const init::Word last = 3 * ThreadHistory::capacity - 1;
    CHECK(history.find(0x1000 * (last % 4 + 16), last)->pid == last);
    const init::Word remembered = ThreadHistory::capacity - 2;
    CHECK(history.find(0x1000 * ((last + 1) % 4 + 16), last - remembered) == nullptr);
    const init::Word oldest = last - remembered + 1;
    REQUIRE(history.find(0x1000 * (oldest % 4 + 16), oldest) != nullptr);
    CHECK(history.find(0x1000 * (oldest % 4 + 16), oldest)->pid == oldest);
}
