// SPDX-License-Identifier: BSD-2-Clause
// What a panic says about an exception in ring 0.
#include <support/catch.hpp>

#include <check/panic_cause.hpp>

#include <string>

using kernel::Word;

namespace {

std::string cause(Word vector, Word error_code, Word address, bool hit_guard = false) {
    const kernel::Text text = kernel::cause_of({vector, error_code, address, hit_guard});
    return {text.data(), text.size()};
}

constexpr Word kernel_address = 0xffff'ffff'8010'0000, user_address = 0x40'0000;

} // namespace

TEST_CASE("a page fault of the kernel is told by its cause", "[panic]") {
    const auto page_fault = [](Word error_code, Word address, bool hit_guard = false) {
        return cause(14, error_code, address, hit_guard);
    };
    CHECK(page_fault(9, user_address) ==
          "an entry of the page tables on the way to that address has a reserved bit set");
    CHECK(page_fault(2, kernel_address, true) == "its stack has overflown into the guard page");
    CHECK(page_fault(0, 0xfff) == "it used a null pointer");
    CHECK(page_fault(16, 0) == "it called a null pointer");
    CHECK(page_fault(17, user_address) == "it was to execute code of ring 3, which SMEP forbids");
    CHECK(page_fault(17, kernel_address) == "it was to execute what is not code");
    CHECK(page_fault(16, user_address) == "it jumped to an address at which nothing is mapped");
    CHECK(page_fault(1, user_address) ==
          "it touched memory of ring 3, which SMAP forbids, or which may not be written");
    CHECK(page_fault(0, user_address) == "it used an address of ring 3 at which nothing is mapped");
    CHECK(page_fault(0, kernel_address) == "it used an address of its own half at which nothing is mapped");
    CHECK(page_fault(3, kernel_address) == "it wrote to its own memory that may only be read");
    CHECK(page_fault(1, kernel_address) == "it may not reach that memory");
}

TEST_CASE("other exceptions of the kernel are told by their cause", "[panic]") {
    CHECK(cause(8, 0, kernel_address, true) ==
          "its stack has overflown into the guard page, so that no page fault could be told");
    CHECK(cause(8, 0, 0) == "the CPU could not deliver an exception");
    CHECK(cause(0, 0, 0) == "it divided by zero");
    CHECK(cause(6, 0, 0).find("no instruction") != std::string::npos);
    CHECK(cause(13, 0, 0).find("not canonical") != std::string::npos);
    CHECK(cause(18, 0, 0).find("hardware") != std::string::npos);
    CHECK(cause(3, 0, 0) == "the kernel raises no such exception on purpose");
}
