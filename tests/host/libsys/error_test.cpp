// SPDX-License-Identifier: BSD-2-Clause
// Each error has a sentence of its own, for logs and for people.
#include <support/catch.hpp>

#include <sys/error.hpp>

#include <set>
#include <string>

TEST_CASE("every error of the interface has a sentence of its own", "[libsys]") {
    std::set<std::string> sentences;
    for (sys::Word number = 0; number <= 11; number++)
        sentences.insert(sys::describe(static_cast<sys::ErrorCode>(number)));
    CHECK(sentences.size() == 12);
    CHECK(sentences.count("unknown error") == 0);
    CHECK(sys::describe(static_cast<sys::ErrorCode>(12)) == std::string("unknown error"));
}
