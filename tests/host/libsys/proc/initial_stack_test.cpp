// SPDX-License-Identifier: BSD-2-Clause
// The start-up block: read back as a program reads it.
#include <catch.hpp>
#include <cstring>
#include <map>
#include <sys/proc/initial_stack.hpp>
#include <vector>

using namespace sys;

namespace {

constexpr Word top = 0x1000000;

/// Reads the block by the addresses of the new process.
class View {
public:
    explicit View(const InitialStack& stack) : stack_(stack) {}
    Word word(Word address) const {
        Word value;
        REQUIRE(address >= stack_.stack_pointer);
        REQUIRE(address + 8 <= top);
        std::memcpy(&value, stack_.bytes.data() + (address - stack_.stack_pointer), 8);
        return value;
    }
    std::string text(Word address) const {
        REQUIRE(address >= stack_.stack_pointer);
        REQUIRE(address < top);
        return reinterpret_cast<const char*>(stack_.bytes.data() + (address - stack_.stack_pointer));
    }
    std::vector<std::string> texts(Word& at) const {
        std::vector<std::string> list;
        for (; word(at) != 0; at += 8)
            list.push_back(text(word(at)));
        at += 8;
        return list;
    }

private:
    const InitialStack& stack_;
};

} // namespace

TEST_CASE("initial stack: argc, argv, envp and auxv stand where the psABI wants them", "[libsys][proc]") {
    const size_t extra = GENERATE(size_t{0}, size_t{1}, size_t{2});
    std::vector<std::string_view> arguments{"/sbin/eclipse-systemd", "--verbose", ""};
    arguments.resize(1 + extra);
    const std::string_view environment[] = {"PATH=/sbin", "HOME=/"};
    StackContents contents;
    contents.arguments = arguments;
    contents.environment = environment;
    contents.entry = 0x400000;
    contents.program_header_count = 2;
    const std::vector<uint8_t> headers(112, 0xab);
    contents.program_headers = headers;
    std::memset(contents.random, 0x5c, sizeof(contents.random));
    uint8_t buffer[1024];
    const auto stack = build_initial_stack(buffer, top, contents);
    REQUIRE(stack);
    CHECK(stack->stack_pointer % 16 == 0);
    CHECK(stack->stack_pointer + stack->bytes.size() == top);

    const View view(*stack);
    CHECK(view.word(stack->stack_pointer) == arguments.size());
    Word at = stack->stack_pointer + 8;
    CHECK(view.texts(at) == std::vector<std::string>(arguments.begin(), arguments.end()));
    CHECK(view.texts(at) == std::vector<std::string>{"PATH=/sbin", "HOME=/"});
    std::map<Word, Word> auxv;
    for (; view.word(at) != aux::null; at += 16)
        auxv[view.word(at)] = view.word(at + 8);
    CHECK(auxv[aux::entry] == 0x400000);
    CHECK(auxv[aux::page_size] == 4096);
    CHECK(auxv[aux::program_header_size] == 56);
    CHECK(auxv[aux::program_header_count] == 2);
    CHECK(view.word(auxv[aux::random]) == 0x5c5c5c5c5c5c5c5c);
    CHECK(view.word(auxv[aux::program_headers]) == 0xabababababababab);
    CHECK(auxv[aux::program_headers] % 8 == 0);
}

TEST_CASE("initial stack: headers that are in memory already are not copied", "[libsys][proc]") {
    StackContents contents;
    contents.program_headers_address = 0x400040;
    contents.program_header_count = 3;
    uint8_t buffer[512];
    const auto stack = build_initial_stack(buffer, top, contents);
    REQUIRE(stack);
    const View view(*stack);
    CHECK(view.word(stack->stack_pointer) == 0);      // argc
    CHECK(view.word(stack->stack_pointer + 8) == 0);  // end of argv
    CHECK(view.word(stack->stack_pointer + 16) == 0); // end of envp
    CHECK(view.word(stack->stack_pointer + 24) == aux::program_headers);
    CHECK(view.word(stack->stack_pointer + 32) == 0x400040);
}

TEST_CASE("initial stack: what does not fit or makes no sense is an error", "[libsys][proc]") {
    uint8_t buffer[256];
    StackContents contents;
    CHECK(build_initial_stack(buffer, top + 8, contents).error() == ErrorCode::invalid_value);
    const std::string long_text(300, 'x');
    const std::string_view arguments[] = {long_text};
    contents.arguments = arguments;
    const auto too_long = build_initial_stack(buffer, top, contents);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error() == ErrorCode::too_long);
    CHECK(too_long.error().detail(0) == sizeof(buffer));
    const std::string_view with_zero[] = {std::string_view("a\0b", 3)};
    contents.arguments = with_zero;
    CHECK(build_initial_stack(buffer, top, contents).error() == ErrorCode::invalid_value);
}

TEST_CASE("initial stack: every buffer that is too small is refused", "[libsys][proc]") {
    const std::string_view arguments[] = {"a", "bc"};
    StackContents contents;
    contents.arguments = arguments;
    uint8_t buffer[512];
    const size_t needed = build_initial_stack(buffer, top, contents)->bytes.size();
    for (size_t size = 0; size < needed; ++size)
        REQUIRE(build_initial_stack(std::span(buffer, size), top, contents).error() == ErrorCode::too_long);
    CHECK(build_initial_stack(std::span(buffer, needed), top, contents));
}
