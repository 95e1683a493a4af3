// SPDX-License-Identifier: BSD-2-Clause
// Formatting: each kind of value and field; cutting; log lines.
#include <catch.hpp>
#include <libsys/recording_kernel.hpp>
#include <sys/util/log.hpp>

using namespace sys;

namespace {
template <class... Arguments>
std::string text(FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
    char storage[200];
    return std::string(sys::format(storage, format, arguments...));
}
} // namespace

TEST_CASE("format: numbers in both bases, with width, zeros and prefix", "[libsys][util]") {
    CHECK(text("{}", 0) == "0");
    CHECK(text("{} {}", -5, 5u) == "-5 5");
    CHECK(text("{}", INT64_MIN) == "-9223372036854775808");
    CHECK(text("{}", UINT64_MAX) == "18446744073709551615");
    CHECK(text("{:x}", 0xabcdefu) == "abcdef");
    CHECK(text("{:x}", UINT64_MAX) == "ffffffffffffffff");
    CHECK(text("{:#x}", 0x1000000) == "0x1000000");
    CHECK(text("{:08x}", 0xbeef) == "0000beef");
    CHECK(text("{:#010x}", 0xbeef) == "0x0000beef");
    CHECK(text("[{:5}] [{:<5}] [{:>5}] [{:05}]", 42, 42, 42, -42) == "[   42] [42   ] [   42] [-0042]");
    CHECK(text("{}", uint8_t{200}) == "200");
}

TEST_CASE("format: texts, characters, booleans, pointers, braces", "[libsys][util]") {
    CHECK(text("{}|{:8}|{:>8}|", "ab", "ab", std::string_view("ab")) == "ab|ab      |      ab|");
    CHECK(text("{}{:c}{:d}", 'a', 98, 'c') == "ab99");
    CHECK(text("{} {}", true, false) == "true false");
    CHECK(text("{}", reinterpret_cast<const void*>(0x400000)) == "0x400000");
    CHECK(text("{}", static_cast<const char*>(nullptr)) == "(null)");
    CHECK(text("{{}} {}", 1) == "{} 1");
}

TEST_CASE("format: errors are sentences with their details", "[libsys][util]") {
    CHECK(text("{}", Error(abi::Error::delete_first)) == "the destination is taken (error 8)");
    CHECK(text("{}", Error(abi::Error::range_error, 0, 255)) == "an argument is out of range (error 4: 0x0, 0xff)");
}

TEST_CASE("format: what does not fit is cut and remembered", "[libsys][util]") {
    char storage[5];
    TextBuffer buffer(storage);
    format_to(buffer, "{}{}", "abc", 1234);
    CHECK(buffer.text() == "abc12");
    CHECK(buffer.is_truncated());
}

TEST_CASE("log: whole lines go to the kernel's output, long ones marked as cut", "[libsys][util]") {
    RecordingKernel kernel;
    set_log_sink(log_to_kernel);
    sys::log("PAGING: Mapped {} pages for userland", 12);
    CHECK(kernel.output == "PAGING: Mapped 12 pages for userland\n");
    kernel.output.clear();
    const std::string long_text(600, 'x');
    sys::log("{}", std::string_view(long_text));
    CHECK(kernel.output == std::string(max_log_line - 3, 'x') + "...\n");
}

TEST_CASE("log: the console gets a line as one call; without a console the kernel gets it", "[libsys][util]") {
    RecordingKernel kernel;
    log_to_console("hello");
    REQUIRE(kernel.calls.size() == 1);
    CHECK(kernel.calls[0].target == 3);
    CHECK(kernel.calls[0].words == std::vector<Word>{5, 0x6f6c6c6568});
    CHECK(kernel.output.empty());
    kernel.script.push_back({static_cast<Word>(abi::Error::invalid_capability), {0}});
    log_to_console("hello");
    CHECK(kernel.output == "hello\n");
}
