// SPDX-License-Identifier: BSD-2-Clause
// Each error has a sentence of its own, for logs and for people.
#include <support/catch.hpp>

#include <abi/error.hpp>

#include <set>
#include <string>

TEST_CASE("every error of the interface has a sentence of its own", "[abi]") {
    std::set<std::string> sentences;
    for (abi::Word number = 0; number <= 11; number++)
        sentences.insert(abi::describe(static_cast<abi::Error>(number)));
    CHECK(sentences.size() == 12);
    CHECK(sentences.count("unknown error") == 0);
    CHECK(abi::describe(static_cast<abi::Error>(12)) == std::string("unknown error"));
}
