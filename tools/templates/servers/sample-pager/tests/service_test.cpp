// SPDX-License-Identifier: BSD-2-Clause
// The pager on the host, under sanitizers: sys::host::PagerRig plays the kernel and the thread.
#include <catch.hpp>
#include <servers/sample-pager/service.hpp>
#include <servers/sample-pager/tests/conversation.hpp>
#include <sys/host/pager_rig.hpp>

using namespace sample_pager;

namespace {

constexpr FrameStore::Layout layout{.first_slot = 100, .window = 0x3000'0000};
constexpr Word first_slot = 200;

struct World {
    sys::host::PagerRig<Pager> rig{layout, frame_count};
    StaticFrameStore<frame_count> frames{layout};
    Pager pager;
    explicit World(abi::PageRights rights = sys::PageAccess::read_write().page_rights())
        : pager({.start = region_start, .pages = region_pages, .first_slot = first_slot, .rights = rights}, frames) {
        rig.set_pager(pager);
    }
    /// Why the pager refuses; 0: it does not.
    template <class Touch>
    unsigned refusal(Touch&& touch) {
        try {
            touch();
        } catch (const sys::host::Denied& denied) {
            return denied.code;
        }
        return 0;
    }
};

constexpr unsigned code(Denial why) { return static_cast<unsigned>(why); }

} // namespace

TEST_CASE("sample-pager: keeps what it promises its threads", "[sample-pager]") {
    World world;
    converse(world.rig, [](const char* what, bool holds) {
        INFO(what);
        CHECK(holds);
    });
    CHECK(world.frames.free_count() == 0);
    CHECK(world.rig.faults() == frame_count); // one answer a page, for all its words, loaded or stored
}

TEST_CASE("sample-pager: what is outside of its region is denied", "[sample-pager]") {
    World world;
    for (const Word address : {Word{0}, region_start - 8, region_start + region_pages * page_size})
        CHECK(world.refusal([&] { world.rig.load(address); }) == code(Denial::outside));
    CHECK(world.frames.free_count() == frame_count);
}

TEST_CASE("sample-pager: a region is written to, and executed, only if it may be", "[sample-pager]") {
    World world(sys::PageAccess::read_only().page_rights());
    CHECK(world.rig.load(region_start) == 0);
    CHECK(world.refusal([&] { world.rig.store(region_start, 1); }) == code(Denial::not_writable));
    CHECK(world.refusal([&] { world.rig.execute(region_start); }) == code(Denial::not_executable));
    CHECK(world.frames.free_count() == frame_count - 1);
}

TEST_CASE("sample-pager: without frames it says so, and the others keep theirs", "[sample-pager]") {
    World world;
    for (Word page = 0; page < frame_count; ++page)
        world.rig.store(region_start + page * page_size, page);
    CHECK(world.refusal([&] { world.rig.load(region_start + frame_count * page_size); }) == code(Denial::no_memory));
    for (Word page = 0; page < frame_count; ++page)
        CHECK(world.rig.load(region_start + page * page_size) == page);
}

TEST_CASE("sample-pager: the frame of a thread that is gone is free again", "[sample-pager]") {
    World world;
    world.rig.fault_and_die(region_start, Access::write);
    CHECK_FALSE(world.rig.is_mapped(region_start));
    CHECK(world.frames.free_count() == frame_count);
    world.rig.store(region_start, 1);
    CHECK(world.frames.free_count() == frame_count - 1);
}
