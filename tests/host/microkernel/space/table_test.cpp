// SPDX-License-Identifier: BSD-2-Clause
// Paging structures and large frames: refusals in their order, and what each level does to the tree.
#include <support/fake_machine.hpp>

using namespace test;

namespace {

constexpr Word place = 0x1'4020'3000, invalid_root = 1, missing = 2;
constexpr Word rights_all = 3;

struct Tables : FakeMachine {
    struct Level {
        ObjectType type;
        Method map, unmap;
        Word missing_above; ///< bits left where the structure above is missing; 0 = cannot be missing
    };
    static constexpr Level levels[] = {
        {ObjectType::pdpt, Method::pdpt_map, Method::pdpt_unmap, 0},
        {ObjectType::page_directory, Method::page_directory_map, Method::page_directory_unmap, 39},
        {ObjectType::page_table, Method::page_table_map, Method::page_table_unmap, 30},
    };
    CallResult map_table(Word table, const Level& level, Word address, Word space = at::vspace) {
        return invoke(table, level.map, {address, 0}, {space});
    }
    CallResult map_page(Word frame, Word address, Word rights = rights_all, Word attributes = 0,
                        Word space = at::vspace) {
        return invoke(frame, Method::page_map, {address, rights, attributes}, {space});
    }
    /// Tables down to, not including, `depth` levels: 1 = a PDPT only.
    void map_down(unsigned depth, Word address = place) {
        for (unsigned i = 0; i < depth; i++)
            REQUIRE(map_table(make(levels[i].type), levels[i], address).ok());
    }
};

} // namespace

TEST_CASE("each table map: mapped already, space, half, table above, place", "[tables]") {
    for (unsigned depth = 0; depth < 3; depth++) {
        CAPTURE(depth);
        Tables world;
        const auto& level = Tables::levels[depth];
        const Word table = world.make(level.type), second = world.make(level.type);
        const Word unassigned = world.make(ObjectType::pml4);
        CHECK(world.invoke(table, level.map, {place}, {at::vspace}) == Error::truncated_message);
        CHECK(world.invoke(table, level.map, {place, 0}) == Error::truncated_message);
        CHECK(world.map_table(table, level, bit(47), at::cnode).is(Error::invalid_capability, {1}));
        CHECK(world.map_table(table, level, bit(47), unassigned).is(Error::invalid_capability, {1}));
        CHECK(world.map_table(table, level, abi::user_end).is(Error::invalid_argument, {0}));
        if (level.missing_above != 0)
            CHECK(world.map_table(table, level, place).is(Error::failed_lookup, {0, missing, 39}));
        world.map_down(depth > 1 ? 1 : 0);
        if (depth == 2)
            CHECK(world.map_table(table, level, place).is(Error::failed_lookup, {0, missing, 30}));
        if (depth == 2)
            REQUIRE(world.map_table(world.make(ObjectType::page_directory), Tables::levels[1], place).ok());
        if (depth == 1)
            world.map_down(1);
        // Nothing is refused for its alignment: the address is rounded down.
        CHECK(world.map_table(table, level, place + 8).ok());
        CHECK(world.map_table(table, level, place, at::cnode).is(Error::invalid_capability, {0}));
        CHECK(world.map_table(second, level, place + 4096) == Error::delete_first);
        CHECK(world.call(world.root(), table, 47) == Error::illegal_operation);
        for (const auto& other : Tables::levels) {
            if (other.map != level.map)
                CHECK(world.map_table(second, other, place) == Error::illegal_operation);
        }
        CHECK(world.invoke(second, level.unmap).ok());
        CHECK(world.invoke(table, level.unmap).ok());
        CHECK(world.map_table(second, level, place).ok());
    }
}

TEST_CASE("a table that is not in its place any more is unmapped without touching what is", "[tables]") {
    Tables world;
    world.map_down(1);
    const Word first = world.make(ObjectType::page_directory), second = world.make(ObjectType::page_directory);
    const auto& level = Tables::levels[1];
    REQUIRE(world.map_table(first, level, place).ok());
    // The PDPT goes, with the entry; a new one holds another directory in the same place.
    const Word pdpt = at::first_free;
    REQUIRE(world.invoke(pdpt, Method::pdpt_unmap).ok());
    REQUIRE(world.map_table(pdpt, Tables::levels[0], place).ok());
    REQUIRE(world.map_table(second, level, place).ok());
    REQUIRE(world.invoke(first, Method::page_directory_unmap).ok());
    CHECK(world.map_table(first, level, place) == Error::delete_first);
    // Where the way down is missing altogether, there is nothing to touch either.
    REQUIRE(world.invoke(pdpt, Method::pdpt_unmap).ok());
    CHECK(world.invoke(second, Method::page_directory_unmap).ok());
}

TEST_CASE("large frames: alignment, no table below, and what stands in their place", "[tables]") {
    Tables world;
    const Word frame_2m = world.make(ObjectType::frame_2m);
    const Word frame_1g = world.free_slot();
    REQUIRE(world.invoke(at::device, Method::untyped_retype, {9, 0, 0, 0, frame_1g, 1}, {at::cnode}).ok());
    constexpr Word aligned_2m = place & ~ones(21), aligned_1g = place & ~ones(30);
    unsigned level = 0;
    CHECK(world.map_page(frame_1g, aligned_1g).is(Error::failed_lookup, {0, missing, 39}));
    world.map_down(1);
    CHECK(world.map_page(frame_1g, aligned_1g + 0x20'0000) == Error::alignment_error);
    CHECK(world.map_page(frame_1g, abi::user_end & ~ones(30)).is(Error::invalid_argument, {0}));
    REQUIRE(world.map_page(frame_1g, aligned_1g).ok());
    CHECK((world.leaf(world.root_space(), place, &level) & ~ones(30) & ones(52)) == world.cap(frame_1g).object().raw());
    CHECK(level == 3);
    // Below a frame of 1 GiB nothing has a place.
    CHECK(world.map_page(frame_2m, aligned_2m).is(Error::failed_lookup, {0, missing, 30}));
    CHECK(world.map_table(world.make(ObjectType::page_directory), Tables::levels[1], place) == Error::delete_first);
    REQUIRE(world.invoke(frame_1g, Method::page_unmap).ok());
    world.map_down(0);
    REQUIRE(world.map_table(world.make(ObjectType::page_directory), Tables::levels[1], place).ok());
    CHECK(world.map_page(frame_1g, aligned_1g) == Error::delete_first);
    CHECK(world.map_page(frame_2m, aligned_2m + 4096) == Error::alignment_error);
    REQUIRE(world.map_page(frame_2m, aligned_2m).ok());
    CHECK((world.leaf(world.root_space(), place, &level) & ones(52) & ~ones(21)) == world.cap(frame_2m).object().raw());
    CHECK(level == 2);
    CHECK(world.map_table(world.make(ObjectType::page_table), Tables::levels[2], place) == Error::delete_first);
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {frame_2m, 64}).ok());
    CHECK(world.leaf(world.root_space(), place) == 0);
}

TEST_CASE("a CPU without frames of 1 GiB refuses them by name", "[tables]") {
    Tables world;
    kernel_state.features.huge_pages = false;
    const Word frame = world.free_slot();
    REQUIRE(world.invoke(at::device, Method::untyped_retype, {9, 0, 0, 0, frame, 1}, {at::cnode}).ok());
    world.map_down(1);
    CHECK(world.map_page(frame, bit(30) + 4096) == Error::alignment_error);
    CHECK(world.map_page(frame, bit(32)) == Error::illegal_operation);
}

TEST_CASE("rights are what capability and argument share; attributes are the memory type", "[tables]") {
    Tables world;
    world.map_down(3);
    const Word frame = world.make(ObjectType::frame_4k), read_only = world.mint(frame, Rights::read());
    struct Case {
        Word cap, rights, attributes, expected; ///< expected: present, write, user, PWT, PCD, PAT, NX
    };
    constexpr Word no_execute = bit(63);
    for (const Case& c :
         {Case{frame, 3, 0, 7}, Case{frame, 2, 0, 5}, Case{frame, 1, 8, 3 | no_execute}, Case{frame, 0, 0, 1},
          Case{read_only, 3, 0, 5}, Case{frame, 3, 1, 7 | 8}, Case{frame, 3, 2, 7 | 16}, Case{frame, 3, 3, 7 | 24},
          Case{frame, 3, 4, 7 | 128}, Case{frame, 3, 9, 7 | 8 | no_execute}, Case{frame, ~Word{0}, ~Word{15}, 7}}) {
        CAPTURE(c.rights, c.attributes);
        REQUIRE(world.map_page(c.cap, place, c.rights, c.attributes).ok());
        CHECK((world.leaf(world.root_space(), place) & (0x9f | no_execute)) == c.expected);
        REQUIRE(world.invoke(c.cap, Method::page_unmap).ok());
    }
    kernel_state.features.no_execute = false;
    REQUIRE(world.map_page(frame, place, 3, 8).ok());
    CHECK(world.leaf(world.root_space(), place) >> 63 == 0);
}

TEST_CASE("GetAddress tells the physical address, mapped or not", "[tables]") {
    Tables world;
    const Word frame = world.make(ObjectType::frame_4k), device = world.free_slot();
    REQUIRE(world.invoke(at::device, Method::untyped_retype, {10, 0, 0, 0, device, 1}, {at::cnode}).ok());
    CHECK(world.invoke(frame, Method::page_get_address).words == Words{world.cap(frame).object().raw()});
    CHECK(world.invoke(device, Method::page_get_address).words == Words{device_base});
    CHECK(world.call(world.root(), frame, 48) == Error::illegal_operation);
    CHECK(world.invoke(frame, Method::page_unmap).ok());
}

TEST_CASE("a frame that a space has lost is unmapped without a trace", "[tables]") {
    Tables world;
    const Word space = world.make(ObjectType::pml4);
    REQUIRE(world.invoke(at::asid_pool, Method::asid_pool_assign, {}, {space}).ok());
    const Word frame = world.make(ObjectType::frame_4k);
    for (const auto& level : Tables::levels)
        REQUIRE(world.map_table(world.make(level.type), level, place, space).ok());
    REQUIRE(world.map_page(frame, place, 3, 0, space).ok());
    CHECK(world.map_page(frame, place).is(Error::invalid_capability, {1}));
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {space, 64}).ok());
    // It still counts as mapped there, until Unmap.
    CHECK(world.map_page(frame, place).is(Error::invalid_capability, {1}));
    CHECK(world.invoke(frame, Method::page_unmap).ok());
    world.map_down(3);
    CHECK(world.map_page(frame, place).ok());
}
