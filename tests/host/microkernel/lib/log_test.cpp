// SPDX-License-Identifier: BSD-2-Clause
#include <support/catch.hpp>

#include <kernel_host.hpp>
#include <lib/log.hpp>

namespace {

using namespace kernel;

/// The line without its end.
template <class... Values>
std::string logged(Text text, const Values&... values) {
    host_log.clear();
    log(text, values...);
    REQUIRE(host_log.ends_with('\n'));
    return host_log.substr(0, host_log.size() - 1);
}

TEST_CASE("kernel log: values of every kind") {
    CHECK(logged("plain") == "plain");
    CHECK(logged("") == "");
    CHECK(logged("{} and {x}", 42u, 255u) == "42 and 0xff");
    CHECK(logged("{}", uint64_t{0} - 1) == "18446744073709551615");
    CHECK(logged("{x}", uint64_t{0}) == "0x0");
    CHECK(logged("{x}", uint64_t{0} - 1) == "0xffffffffffffffff");
    CHECK(logged("{}", uint8_t{200}) == "200");
    CHECK(logged("{}: {}", "name", Text("text", 2)) == "name: te");
    CHECK(logged("{} {}", PhysAddr(0x1000), VirtAddr(0xffff'8000'0000'0000)) == "0x1000 0xffff800000000000");
}

TEST_CASE("kernel log: placeholders and values that do not match") {
    CHECK(logged("{} {}", 1u) == "1 {}");
    CHECK(logged("no place", 1u) == "no place");
    CHECK(logged("{y} { }", 1u) == "{y} { }");
    CHECK(logged("{", 1u) == "{");
}

} // namespace
