// SPDX-License-Identifier: BSD-2-Clause
// Regions, the checks of requests, and the decision about faults.
#include <catch.hpp>
#include <pager/fault_handler.hpp>
#include <random>
#include <vector>

using namespace pager;
using protocol::Error;

namespace {

Region anonymous(Word start, Word pages, bool writable = true) {
    return {.range = {start, start + pages * page_size}, .writable = writable};
}

} // namespace

TEST_CASE("each way in which a range can be wrong has its own error", "[pager]") {
    CHECK(checked_range(0x1000, 0).error() == Error::zero_size);
    CHECK(checked_range(0x1001, 0x1000).error() == Error::unaligned);
    CHECK(checked_range(0x1000, 0x1001).error() == Error::unaligned);
    CHECK(checked_range(~Word{0xfff}, 0x2000).error() == Error::wraps);
    CHECK(checked_range(0xffff'8000'0000'0000, 0x1000).error() == Error::kernel_half);
    CHECK(checked_range(0x7fff'ffff'f000, 0x1000).error() == Error::kernel_half);
    CHECK(checked_range(0x7fff'ffff'e000, 0x2000).error() == Error::kernel_half);
    CHECK(checked_range(0x1000, (Word{1} << 30) + 0x1000).error() == Error::too_large);
    REQUIRE(checked_range(0x7fff'ffff'e000, 0x1000));
    REQUIRE(checked_range(0x1000, Word{1} << 30));
}

TEST_CASE("a covering range is the pages that its bytes touch", "[pager]") {
    CHECK(*covering_range(0x1234, 1) == Range{0x1000, 0x2000});
    CHECK(*covering_range(0x1fff, 2) == Range{0x1000, 0x3000});
    CHECK(covering_range(0x1fff, 0).error() == Error::zero_size);
    CHECK(covering_range(~Word{0}, 2).error() == Error::wraps);
}

TEST_CASE("R16 write and execute together are refused, unknown rights too", "[pager]") {
    CHECK(check_rights(3).error() == Error::write_and_execute);
    CHECK(check_rights(4).error() == sys::ErrorCode::invalid_value);
    for (const Word rights : {0, 1, 2})
        CHECK(check_rights(rights));
}

TEST_CASE("regions never overlap and are found by any address inside", "[pager]") {
    RegionMap map;
    REQUIRE(map.insert(anonymous(0x10000, 4)));
    REQUIRE(map.insert(anonymous(0x8000, 2)));
    REQUIRE(map.insert(anonymous(0xe000, 2)));
    CHECK(map.insert(anonymous(0x13000, 1)).error() == Error::overlap);
    CHECK(map.insert(anonymous(0xf000, 2)).error() == Error::overlap);
    CHECK(map.insert(anonymous(0x0, 64)).error() == Error::overlap);
    CHECK(map.find(0x13fff)->range.start == 0x10000);
    CHECK(map.find(0x14000) == nullptr);
    CHECK(map.find(0xdfff) == nullptr);
    map.remove(*map.find(0x9000));
    CHECK(map.find(0x8000) == nullptr);
    CHECK(map.count() == 2);
}

TEST_CASE("a full region map says how many it holds", "[pager]") {
    RegionMap map;
    for (Word i = 0; i < RegionMap::capacity; ++i)
        REQUIRE(map.insert(anonymous(i * 0x2000 + 0x1000, 1)));
    const auto full = map.insert(anonymous(0x100'0000, 1));
    REQUIRE(!full);
    CHECK(full.error() == Error::too_many_regions);
    CHECK(full.error().detail(0) == RegionMap::capacity);
}

TEST_CASE("random inserts and removes agree with a slow model", "[pager][property]") {
    std::mt19937_64 random(42);
    for (int round = 0; round < 50; ++round) {
        RegionMap map;
        std::vector<Range> model;
        for (int i = 0; i < 200; ++i) {
            const Word start = random() % 64 * page_size;
            const Range range{start, start + (1 + random() % 8) * page_size};
            bool clash = false;
            for (const Range& other : model)
                clash = clash || other.overlaps(range);
            if (random() % 3 != 0) {
                const bool expected = !clash && model.size() < RegionMap::capacity;
                REQUIRE(static_cast<bool>(map.insert({.range = range})) == expected);
                if (expected)
                    model.push_back(range);
            } else {
                const size_t erased = std::erase_if(model, [&](const Range& other) { return other.start == start; });
                Region* const found = map.find(start);
                REQUIRE((found != nullptr && found->range.start == start) == (erased == 1));
                if (erased == 1)
                    map.remove(*found);
            }
            const Word probe = random() % (80 * page_size);
            const Region* const found = map.find(probe);
            bool inside = false;
            for (const Range& other : model)
                inside = inside || other.contains(probe);
            REQUIRE((found != nullptr) == inside);
        }
    }
}

TEST_CASE("a region is found again by the request that made it", "[pager]") {
    RegionMap map;
    Region region = anonymous(0x10000, 4);
    region.request = 7;
    REQUIRE(map.insert(region));
    REQUIRE(map.insert(anonymous(0x20000, 4)));
    REQUIRE(map.made_by(7) != nullptr);
    CHECK(map.made_by(7)->range.start == 0x10000);
    CHECK(map.made_by(0) == nullptr); // unnumbered
    map.remove(*map.made_by(7));
    CHECK(map.made_by(7) == nullptr);
}

TEST_CASE("a gap touches no region and keeps a free page on either side", "[pager]") {
    RegionMap map;
    for (int i = 0; i < 10; ++i) {
        const Range gap = *map.find_gap((i % 3 + 1) * page_size);
        CHECK(map.find(gap.start - page_size) == nullptr);
        CHECK(map.find(gap.end) == nullptr);
        REQUIRE(map.insert({.range = gap}));
    }
    const Range gone = map[4].range;
    map.remove(map[4]);
    const Range reused = *map.find_gap(page_size);
    CHECK(reused.start == gone.start);
}

TEST_CASE("a fault is served where region and rights allow it", "[pager]") {
    RegionMap map;
    REQUIRE(map.insert({.range = {0x400000, 0x402000}, .backing = Backing::image, .executable = true}));
    REQUIRE(map.insert(anonymous(0x500000, 1)));
    REQUIRE(map.insert({.range = {0x600000, 0x604000}, .backing = Backing::stack, .writable = true}));

    CHECK(decide(map, {.address = 0x401234, .execute = true}).refusal == Refusal::none);
    CHECK(decide(map, {.address = 0x401234}).page == 0x401000);
    CHECK(decide(map, {.address = 0x401234, .write = true}).refusal == Refusal::not_writable);
    CHECK(decide(map, {.address = 0x500000, .write = true}).refusal == Refusal::none);
    CHECK(decide(map, {.address = 0x500000, .execute = true}).refusal == Refusal::not_executable);
    CHECK(decide(map, {.address = 0x403000}).refusal == Refusal::no_region);
    CHECK(decide(map, {.address = 0}).refusal == Refusal::no_region);
    CHECK(decide(map, {.address = 0xffff'8000'0000'0000}).refusal == Refusal::not_user_half);
}

TEST_CASE("the lowest page of a stack is its guard page", "[pager]") {
    RegionMap map;
    REQUIRE(map.insert({.range = {0x600000, 0x604000}, .backing = Backing::stack, .writable = true}));
    CHECK(decide(map, {.address = 0x601000, .write = true}).refusal == Refusal::none);
    CHECK(decide(map, {.address = 0x600fff, .write = true}).refusal == Refusal::guard_page);
    CHECK(decide(map, {.address = 0x600000}).refusal == Refusal::guard_page);
    CHECK(decide(map, {.address = 0x5fffff}).refusal == Refusal::no_region);
}

TEST_CASE("page-fault messages are read as the hardware writes them", "[pager]") {
    const auto fault = [](Word error_code) {
        return PageFault::from({0x40'1000, 0x60'0000, abi::KeeperFaultInfo(error_code), 0});
    };
    CHECK(fault(6).write);
    CHECK(!fault(4).write);
    CHECK(fault(0x14).execute);
    CHECK(!fault(5).execute);
    CHECK(fault(5).address == 0x60'0000);
}
