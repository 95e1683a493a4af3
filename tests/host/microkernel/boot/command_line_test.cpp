// SPDX-License-Identifier: BSD-2-Clause
// Kernel options on the boot command line.
#include <support/catch.hpp>

#include <boot/command_line.hpp>

#include <string>

namespace {

using kernel::Text;
namespace command_line = kernel::command_line;

TEST_CASE("command line: words are found whole, wherever they stand") {
    for (Text line : {Text("quiet"), Text("  quiet"), Text("log=3 quiet"), Text("quiet\tlog=3"), Text("a quiet ")})
        CHECK(command_line::has(line, "quiet"));
    for (Text line : {Text(""), Text("   "), Text("quietly"), Text("unquiet"), Text("log=quiet"), Text("QUIET")})
        CHECK_FALSE(command_line::has(line, "quiet"));
}

TEST_CASE("command line: values") {
    CHECK(*command_line::value_of("root=disk log=3", "log") == "3");
    CHECK(*command_line::value_of("log=a=b", "log") == "a=b");
    CHECK(command_line::value_of("log=", "log")->is_empty());
    CHECK(command_line::value_of("log", "log")->is_empty());
    CHECK_FALSE(command_line::value_of("logs=3", "log"));
    CHECK_FALSE(command_line::value_of("=3", "log"));
    SECTION("of two the last counts") { CHECK(*command_line::value_of("log=1 x log=2", "log") == "2"); }
    SECTION("a Text that is not ended by zero ends where it ends") {
        const std::string line = "log=123";
        CHECK(*command_line::value_of(Text(line.data(), 6), "log") == "12");
    }
}

} // namespace
