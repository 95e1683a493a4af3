// SPDX-License-Identifier: BSD-2-Clause
// Each invariant is seen when it is broken: a sound world, one thing changed by hand, its sentence. The sentences are read
// from the sources of the checks, so that none is forgotten.
#include "everything.hpp"

#include <filesystem>
#include <fstream>
#include <regex>
#include <repository.hpp>
#include <set>
#include <sstream>

using namespace test;

namespace {

std::vector<Breaking> all_breakings() {
    std::vector<Breaking> all;
    for (const auto& some :
         {breakings_of_capabilities(), breakings_of_memory(), breakings_of_threads(), breakings_of_queues()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

/// Literals of the form "12: words", in all files of microkernel/check.
std::multiset<std::string> sentences() {
    static const std::regex sentence("\"([0-9]+b?: [^\"]*)\"");
    std::multiset<std::string> found;
    for (const auto& file : std::filesystem::directory_iterator(std::string(UMBRA_REPOSITORY) + "/microkernel/check")) {
        std::stringstream text;
        text << std::ifstream(file.path()).rdbuf();
        const std::string all = text.str();
        for (std::sregex_iterator match(all.begin(), all.end(), sentence), end; match != end; ++match)
            found.insert((*match)[1]);
    }
    return found;
}

} // namespace

TEST_CASE("each invariant is seen when it is broken", "[check]") {
    for (const Breaking& breaking : all_breakings()) {
        CAPTURE(breaking.words);
        Everything world;
        breaking.what(world);
        CHECK(world.broken() == breaking.words);
    }
}

TEST_CASE("there is a broken state for each invariant that is checked", "[check]") {
    std::multiset<std::string> broken;
    for (const Breaking& breaking : all_breakings())
        broken.insert(breaking.words);
    const std::multiset<std::string> checked = sentences();
    CHECK(checked.size() > 100);
    CHECK(checked == broken);
}
