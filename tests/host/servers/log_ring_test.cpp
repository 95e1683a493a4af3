// SPDX-License-Identifier: BSD-2-Clause
// The ring of the log service.
#include <catch.hpp>
#include <memory>
#include <servers/log/ring.hpp>
#include <string>

using namespace log_service;

TEST_CASE("log: records come back in order with their numbers", "[log]") {
    auto ring = std::make_unique<Ring>();
    CHECK_FALSE(ring->at_or_after(1));
    CHECK(ring->add(Priority::warning, 7, 100, "one") == 1);
    CHECK(ring->add(Priority::debug, 8, 200, "two") == 2);
    const auto first = ring->at_or_after(0);
    REQUIRE(first);
    CHECK(first->text == "one");
    CHECK(first->sender == 7);
    CHECK(first->uptime == 100);
    CHECK(first->priority == Priority::warning);
    CHECK(ring->at_or_after(2)->text == "two");
    CHECK_FALSE(ring->at_or_after(3));
    CHECK(ring->next_number() == 3);
}

TEST_CASE("log: a full ring loses the oldest records, and the numbers show which", "[log]") {
    auto ring = std::make_unique<Ring>();
    constexpr size_t extra = 10;
    for (size_t i = 1; i <= Ring::capacity + extra; ++i)
        ring->add(Priority::notice, 0, i, std::to_string(i));
    CHECK(ring->at_or_after(1)->number == extra + 1);
    for (size_t i = extra + 1; i <= Ring::capacity + extra; ++i) {
        REQUIRE(ring->at_or_after(i));
        CHECK(ring->at_or_after(i)->text == std::to_string(i));
    }
}

TEST_CASE("log: long text is cut between two characters", "[log]") {
    auto ring = std::make_unique<Ring>();
    constexpr size_t most = sys::protocol::log::max_text;
    ring->add(Priority::notice, 0, 0, std::string(most + 50, 'x'));
    CHECK(ring->at_or_after(1)->text.size() == most);
    ring->add(Priority::notice, 0, 0, std::string(most - 1, 'x') + "ñoño");
    CHECK(ring->at_or_after(2)->text == std::string(most - 1, 'x'));
}

TEST_CASE("log: only lines of text are taken", "[log]") {
    CHECK(is_line("año 2000\tok"));
    CHECK_FALSE(is_line(""));
    CHECK_FALSE(is_line("two\nlines"));
    CHECK_FALSE(is_line("\x1b[2J"));
    CHECK_FALSE(is_line(std::string_view("a\0b", 3)));
}
