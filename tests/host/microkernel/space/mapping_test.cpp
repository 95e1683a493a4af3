// SPDX-License-Identifier: BSD-2-Clause
// Mapping and unmapping through system calls: errors in their order, entries by an independent walk, and what is
// thrown out of the TLB before anybody could rely on its being gone.
#include <support/fake_machine.hpp>

using namespace test;

namespace {

constexpr Word page = 0x1'4020'3000;
constexpr Word rights_read_write = 3;
constexpr Word execute_never = 8;

/// The root's space with tables for the neighbourhood of `page`.
struct Space : FakeMachine {
    Word pdpt = make(ObjectType::pdpt);
    Word directory = make(ObjectType::page_directory);
    Word table = make(ObjectType::page_table);
    Word frame = make(ObjectType::frame_4k);

    CallResult map(Word what, Word address, Word space = at::vspace, Word attributes = execute_never) {
        return invoke(what, Method::page_map, {address, rights_read_write, attributes}, {space});
    }
    void map_tables() {
        REQUIRE(invoke(pdpt, Method::pdpt_map, {page, 0}, {at::vspace}).ok());
        REQUIRE(invoke(directory, Method::page_directory_map, {page, 0}, {at::vspace}).ok());
        REQUIRE(invoke(table, Method::page_table_map, {page, 0}, {at::vspace}).ok());
    }
    Word physical_of(Word what) { return cap(what).object().raw(); }
};

} // namespace

TEST_CASE("a page without tables names the level that is missing", "[space]") {
    Space space;
    constexpr Word missing = 2;
    CHECK(space.map(space.frame, page).is(Error::failed_lookup, {0, missing, 39}));
    REQUIRE(space.invoke(space.pdpt, Method::pdpt_map, {page, 0}, {at::vspace}).ok());
    CHECK(space.map(space.frame, page).is(Error::failed_lookup, {0, missing, 30}));
    REQUIRE(space.invoke(space.directory, Method::page_directory_map, {page, 0}, {at::vspace}).ok());
    CHECK(space.map(space.frame, page).is(Error::failed_lookup, {0, missing, 21}));
    REQUIRE(space.invoke(space.table, Method::page_table_map, {page, 0}, {at::vspace}).ok());
    CHECK(space.map(space.frame, page).ok());
    CHECK((space.leaf(space.root_space(), page) & ~Word{0xfff} & ones(52)) == space.physical_of(space.frame));
}

TEST_CASE("what Page.Map refuses, each by its own error, changes nothing", "[space]") {
    Space space;
    space.map_tables();
    const Word second = space.make(ObjectType::frame_4k);
    const Word unassigned = space.make(ObjectType::pml4);
    CHECK(space.invoke(space.frame, Method::page_map, {page, 3}, {at::vspace}) == Error::truncated_message);
    CHECK(space.map(space.frame, page, unassigned).is(Error::invalid_capability, {1}));
    CHECK(space.map(space.frame, page, space.table).is(Error::invalid_capability, {1}));
    CHECK(space.map(space.frame, abi::user_end).is(Error::invalid_argument, {0}));
    CHECK(space.map(space.frame, Word{1} << 63).is(Error::invalid_argument, {0}));
    CHECK(space.map(space.frame, page + 8) == Error::alignment_error);
    CHECK(space.leaf(space.root_space(), page) == 0);
    REQUIRE(space.map(space.frame, page).ok());
    CHECK(space.map(space.frame, page + 4096).is(Error::invalid_argument, {0}));
    REQUIRE(space.invoke(at::asid_pool, Method::asid_pool_assign, {}, {unassigned}).ok());
    CHECK(space.map(space.frame, page, unassigned).is(Error::invalid_capability, {1}));
    CHECK(space.map(second, page + 4096).ok());
}

TEST_CASE("a first mapping needs no invalidation, every change of a present one does", "[space][X11]") {
    Space space;
    space.map_tables();
    x86::simulated.invlpg.clear();
    REQUIRE(space.map(space.frame, page).ok());
    CHECK(x86::simulated.invlpg.empty());

    SECTION("remapped with other attributes") { REQUIRE(space.map(space.frame, page, at::vspace, 0).ok()); }
    SECTION("replaced by another frame") {
        const Word other = space.make(ObjectType::frame_4k);
        REQUIRE(space.map(other, page).ok());
        CHECK((space.leaf(space.root_space(), page) & ones(52) & ~Word{0xfff}) == space.physical_of(other));
    }
    SECTION("unmapped") {
        REQUIRE(space.invoke(space.frame, Method::page_unmap).ok());
        CHECK(space.leaf(space.root_space(), page) == 0);
    }
    SECTION("its capability deleted") {
        REQUIRE(space.invoke(at::cnode, Method::cnode_delete, {space.frame, 64}).ok());
        CHECK(space.leaf(space.root_space(), page) == 0);
    }
    REQUIRE(x86::simulated.invlpg.size() == 1);
    CHECK(x86::simulated.invlpg[0] == VirtAddr(page));
}

TEST_CASE("an unmap touches the entry only if it still holds this frame", "[space]") {
    Space space;
    space.map_tables();
    const Word other = space.make(ObjectType::frame_4k);
    REQUIRE(space.map(space.frame, page).ok());
    REQUIRE(space.map(other, page).ok());
    REQUIRE(space.invoke(space.frame, Method::page_unmap).ok());
    CHECK((space.leaf(space.root_space(), page) & ones(52) & ~Word{0xfff}) == space.physical_of(other));
    // Unmapped capabilities may go anywhere.
    CHECK(space.map(space.frame, page + 4096).ok());
}

TEST_CASE("a table leaves the tree with everything cached of it", "[space][X12]") {
    Space space;
    space.map_tables();
    REQUIRE(space.map(space.frame, page).ok());
    const size_t loads = x86::simulated.cr3_loads.size();
    SECTION("by Unmap") {
        REQUIRE(space.invoke(space.table, Method::page_table_unmap).ok());
        CHECK(is_zero(window<void>(space.cap(space.table).object()), 4096));
    }
    SECTION("by the deletion of its last capability") {
        REQUIRE(space.invoke(at::cnode, Method::cnode_delete, {space.table, 64}).ok());
    }
    CHECK(space.leaf(space.root_space(), page) == 0);
    CHECK(x86::simulated.cr3_loads.size() == loads + 1);
    // The frame below still counts as mapped until Unmap, which finds nothing to touch.
    CHECK(space.cap(space.frame).is_mapped());
    CHECK(space.invoke(space.frame, Method::page_unmap).ok());
}

TEST_CASE("a table with a second capability is not unmapped", "[space]") {
    Space space;
    space.map_tables();
    const Word copy = space.free_slot();
    REQUIRE(space.invoke(at::cnode, Method::cnode_copy, {copy, 64, space.table, 64, 15}, {at::cnode}).ok());
    CHECK(space.invoke(space.table, Method::page_table_unmap) == Error::revoke_first);
    REQUIRE(space.invoke(at::cnode, Method::cnode_delete, {copy, 64}).ok());
    CHECK(space.invoke(space.table, Method::page_table_unmap).ok());
}

TEST_CASE("tables refuse places that are taken, and themselves twice", "[space]") {
    Space space;
    space.map_tables();
    CHECK(
        space.invoke(space.table, Method::page_table_map, {page, 0}, {at::vspace}).is(Error::invalid_capability, {0}));
    const Word second = space.make(ObjectType::page_table);
    CHECK(space.invoke(second, Method::page_table_map, {page, 0}, {at::vspace}) == Error::delete_first);
    CHECK(space.invoke(second, Method::page_table_map, {Word{1} << 47, 0}, {at::vspace})
              .is(Error::invalid_argument, {0}));
    const Word large = space.make(ObjectType::frame_2m);
    CHECK(space.map(large, page & ~ones(21)) == Error::delete_first);
}

TEST_CASE("a page without read right is present for the kernel alone", "[space]") {
    Space space;
    space.map_tables();
    REQUIRE(space.invoke(space.frame, Method::page_map, {page, 1, execute_never}, {at::vspace}).ok());
    CHECK((space.leaf(space.root_space(), page) & 7) == 3); // present, writable, not user
}

TEST_CASE("the space of a deleted PML4 is not loaded any longer, and its ASID finds nothing", "[space]") {
    Space space;
    const Word other = space.make(ObjectType::pml4);
    REQUIRE(space.invoke(at::asid_pool, Method::asid_pool_assign, {}, {other}).ok());
    const Asid asid = space.cap(other).asid();
    CHECK(find_space(asid) != PhysAddr{});
    REQUIRE(space.invoke(at::cnode, Method::cnode_delete, {other, 64}).ok());
    CHECK(find_space(asid) == PhysAddr{});
}

TEST_CASE("a new space has an empty user half and the kernel's own half", "[space]") {
    FakeMachine machine;
    const Word space = machine.make(ObjectType::pml4);
    const auto* table = window<Table>(machine.cap(space).object());
    const auto* kernel_table = window<Table>(kernel_state.kernel_pml4);
    for (unsigned i = 0; i < table_entries; i++) {
        CAPTURE(i);
        CHECK(table->entries[i] == (i < 256 ? Entry{} : kernel_table->entries[i]));
    }
}

TEST_CASE("what the CPU may hold of an entry is thrown away after the entry has changed, never before", "[space]") {
    Space space;
    space.map_tables();
    const Word other = space.make(ObjectType::frame_4k);
    REQUIRE(space.map(space.frame, page).ok());
    const Word before = space.leaf(space.root_space(), page);
    unsigned invalidations = 0;
    const auto thrown_away = [&] {
        invalidations++;
        CHECK(space.leaf(space.root_space(), page) != before);
    };
    x86::simulated.on_invlpg = [&](VirtAddr) { thrown_away(); };
    x86::simulated.on_invpcid = [&](const auto&) { thrown_away(); };
    x86::simulated.on_cr3_load = [&](Word) { thrown_away(); };
    SECTION("remapped") { REQUIRE(space.map(space.frame, page, at::vspace, 0).ok()); }
    SECTION("replaced") { REQUIRE(space.map(other, page).ok()); }
    SECTION("unmapped") { REQUIRE(space.invoke(space.frame, Method::page_unmap).ok()); }
    SECTION("deleted") { REQUIRE(space.invoke(at::cnode, Method::cnode_delete, {space.frame, 64}).ok()); }
    SECTION("its table unmapped") { REQUIRE(space.invoke(space.table, Method::page_table_unmap).ok()); }
    SECTION("its table deleted") { REQUIRE(space.invoke(at::cnode, Method::cnode_delete, {space.table, 64}).ok()); }
    SECTION("its directory unmapped") { REQUIRE(space.invoke(space.directory, Method::page_directory_unmap).ok()); }
    x86::simulated.on_invlpg = nullptr;
    x86::simulated.on_invpcid = nullptr;
    x86::simulated.on_cr3_load = nullptr;
    CHECK(invalidations > 0);
}

TEST_CASE("two capabilities to one frame may record one place; whichever goes takes the page", "[space]") {
    Space space;
    space.map_tables();
    const Word copy = space.mint(space.frame, Rights::all());
    REQUIRE(space.map(space.frame, page).ok());
    REQUIRE(space.map(copy, page).ok()); // invariants are checked with both
    const Word goes = GENERATE(0, 1) == 0 ? space.frame : copy;
    REQUIRE(space.invoke(goes, Method::page_unmap).ok());
    CHECK(space.leaf(space.root_space(), page) == 0);
}
