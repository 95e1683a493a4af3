// SPDX-License-Identifier: BSD-2-Clause
#include <catch.hpp>
#include <init/symbols.hpp>
#include <string>

using init::function_at;

namespace {

std::string lines(unsigned count) {
    std::string text;
    for (unsigned i = 0; i < count; ++i) {
        char line[64];
        snprintf(line, sizeof(line), "%016x function%u\n", 0x400000 + i * 0x20, i);
        text += line;
    }
    return text;
}

} // namespace

TEST_CASE("the function of an address is the last that begins there or below", "[init]") {
    for (const unsigned count : {1u, 2u, 3u, 10u, 100u}) {
        const std::string symbols = lines(count);
        CHECK_FALSE(function_at(symbols, 0x3fffff));
        for (unsigned i = 0; i < count; ++i) {
            for (const unsigned offset : {0u, 1u, 0x1fu}) {
                const auto found = function_at(symbols, 0x400000 + i * 0x20 + offset);
                REQUIRE(found);
                CHECK(found->name == "function" + std::to_string(i));
                CHECK(found->offset == offset);
            }
        }
    }
}

TEST_CASE("what is no list of functions names none", "[init]") {
    CHECK_FALSE(function_at("", 0x400000));
    CHECK_FALSE(function_at("0000000000400000 main", 0x400000)); // no end
    CHECK_FALSE(function_at("400000 main\n", 0x400000));
    CHECK_FALSE(function_at("000000000040000g main\n", 0x400000));
    CHECK_FALSE(function_at("0000000000400000main\n", 0x400000));
    CHECK_FALSE(function_at("\n\n\n", 0x400000));
}
