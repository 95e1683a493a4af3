// SPDX-License-Identifier: BSD-2-Clause
// What the pager decides, on the host, under sanitizers.
#include <catch.hpp>
#include <servers/sample-pager/service.hpp>
#include <vector>

using namespace sample_pager;

namespace {

constexpr Word start = 0x5000'0000;

struct World {
    std::vector<sys::Frame> frames{sys::Frame(100), sys::Frame(101)};
    Pager pager{{start, 4}, frames};
    Answer touch(Word address, bool write = false) {
        return pager.answer({0x40'0000, address, abi::KeeperFaultInfo(write ? write_fault : read_fault), 0});
    }
    static constexpr Word read_fault = 4; ///< the CPU's error code: user mode
    static constexpr Word write_fault = 6; ///< user mode, a write
};

} // namespace

TEST_CASE("sample-pager: the first touch of a page gets the next frame, at its place", "[sample-pager]") {
    World world;
    const Answer first = world.touch(start + 0x1234, true);
    REQUIRE(first.maps);
    CHECK(first.item.capability.slot() == 100);
    CHECK(first.item.place.address() == start + 0x1000);
    CHECK(first.item.place.rights().raw() == sys::PageAccess::read_write().page_rights().raw());
    CHECK(world.touch(start).item.capability.slot() == 101);
    CHECK(world.pager.frames_left() == 0);
}

TEST_CASE("sample-pager: what is outside of its region is denied", "[sample-pager]") {
    World world;
    for (const Word address : {Word{0}, start - 1, start + 4 * page_size, ~Word{0}}) {
        CHECK_FALSE(world.touch(address).maps);
        CHECK(world.touch(address).why == Denied::outside);
    }
    CHECK(world.pager.frames_left() == 2);
}

TEST_CASE("sample-pager: a write to a region that is read-only is denied", "[sample-pager]") {
    World world;
    Pager pager({start, 4, false}, world.frames);
    const abi::KeeperFaultInfo write(World::write_fault);
    CHECK(pager.answer({0, start, write, 0}).why == Denied::not_allowed);
    CHECK(pager.frames_left() == 2);
}

TEST_CASE("sample-pager: without frames it says so", "[sample-pager]") {
    World world;
    world.touch(start);
    world.touch(start + page_size);
    CHECK(world.touch(start + 2 * page_size).why == Denied::out_of_frames);
}
