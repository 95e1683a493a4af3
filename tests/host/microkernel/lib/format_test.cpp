// SPDX-License-Identifier: BSD-2-Clause
#include <support/catch.hpp>

#include <lib/format.hpp>

#include <string>

namespace {

using namespace kernel;

template <class... Values>
std::string formatted(Text text, const Values&... values) {
    char buffer[64];
    return {buffer, format(buffer, text, values...)};
}

TEST_CASE("kernel log: values of every kind") {
    CHECK(formatted("plain") == "plain");
    CHECK(formatted("{} and {x}", 42, 255u) == "42 and 0xff");
    CHECK(formatted("{}", uint64_t{0} - 1) == "18446744073709551615");
    CHECK(formatted("{}", INT64_MIN) == "-9223372036854775808");
    CHECK(formatted("{x}", uint64_t{0}) == "0x0");
    CHECK(formatted("{}{}", 'a', true) == "atrue");
    CHECK(formatted("{}: {}", "name", Text("text", 2)) == "name: te");
    CHECK(formatted("{} {}", PhysAddr(0x1000), VirtAddr(0xffff'8000'0000'0000)) == "0x1000 0xffff800000000000");
}

TEST_CASE("kernel log: placeholders and values that do not match") {
    CHECK(formatted("{} {}", 1) == "1 {}");
    CHECK(formatted("no place", 1) == "no place");
    CHECK(formatted("{y} { }", 1) == "{y} { }");
    CHECK(formatted("{", 1) == "{");
}

TEST_CASE("kernel log: what does not fit is cut, and nothing is written behind the buffer") {
    char buffer[8] = {'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x'};
    CHECK(format(std::span(buffer, 5), "ab{}", 123456) == 5);
    CHECK(std::string(buffer, 8) == "ab123xxx");
    CHECK(format(std::span<char>(), "{}", 1) == 0);
}

} // namespace
