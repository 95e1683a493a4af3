// SPDX-License-Identifier: BSD-2-Clause
// Page-table isolation: the kernel stays on tables of its own, and what ring 3 gets shows none of it.
#include <support/fake_machine.hpp>

#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/registers.hpp>

using namespace test;

namespace {

constexpr Word page = 0x1'4020'3000;
constexpr PhysAddr entry_pml4{0x10'c000};

struct Isolated : FakeMachine {
    Word space = 0, table = 0, frame = 0;

    explicit Isolated(bool pcid = false) {
        kernel_state.features.isolation = true;
        kernel_state.features.pcid = kernel_state.features.invpcid = pcid;
        kernel_state.visible_pml4 = entry_pml4;
        window<Table>(entry_pml4)->entries[511] = Entry(0x10'd003);
        init_space(root_space());
        x86::simulated.cr3 = x86::entry_area.kernel_cr3;
        x86::entry_area.user_cr3 = loaded_cr3(true).raw();
        space = make(ObjectType::pml4);
        REQUIRE(invoke(at::asid_pool, Method::asid_pool_assign, {}, {space}).ok());
        const Word pdpt = make(ObjectType::pdpt), directory = make(ObjectType::page_directory);
        table = make(ObjectType::page_table);
        frame = make(ObjectType::frame_4k);
        REQUIRE(invoke(pdpt, Method::pdpt_map, {page, 0}, {space}).ok());
        REQUIRE(invoke(directory, Method::page_directory_map, {page, 0}, {space}).ok());
        REQUIRE(invoke(table, Method::page_table_map, {page, 0}, {space}).ok());
        REQUIRE(invoke(frame, Method::page_map, {page, 3, 0}, {space}).ok());
        x86::simulated.cr3_loads.clear();
        x86::simulated.invlpg.clear();
        x86::simulated.invpcid.clear();
    }
    ~Isolated() { x86::entry_area.user_cr3 = 0; }
};

} // namespace

TEST_CASE("with isolation a new space shows the entry tables, and not the kernel's", "[isolation]") {
    Isolated world;
    const auto* table = window<Table>(world.cap(world.space).object());
    for (unsigned i = 0; i < table_entries; i++)
        CHECK(table->entries[i].raw() == (i == 511 ? 0x10'd003 : i == page >> 39 ? table->entries[i].raw() : 0));
}

TEST_CASE("with isolation a thread switch prepares the way out and leaves CR3 alone", "[isolation]") {
    const bool pcid = GENERATE(false, true);
    Isolated world(pcid);
    const Word other = world.make_thread();
    REQUIRE(world.invoke(other, Method::tcb_set_space, {0, 0}, {0, at::cnode, world.space}).ok());
    world.run(world.thread(other));
    const Capability& space = world.cap(world.space);
    const Word expected = space.object().raw() | (pcid ? space.asid().value | x86::Cr3::no_flush : 0);
    CHECK(x86::entry_area.user_cr3 == expected);
    CHECK(x86::simulated.cr3_loads.empty());
    world.run(world.root());
    CHECK(x86::entry_area.user_cr3 == loaded_cr3(true).raw());
    CHECK(x86::entry_area.user_cr3 != expected);
}

TEST_CASE("with isolation nothing of ring 3 is cached while the kernel runs, but for what PCIDs keep",
          "[isolation][X11]") {
    const bool pcid = GENERATE(false, true);
    const bool is_loaded = GENERATE(false, true);
    Isolated world(pcid);
    const Asid asid = world.cap(world.space).asid();
    const Word other = world.make_thread();
    REQUIRE(world.invoke(other, Method::tcb_set_space, {0, 0}, {0, at::cnode, world.space}).ok());
    Tcb& caller = is_loaded ? world.thread(other) : world.root();
    world.run(caller);
    using Invpcid = x86::SimulatedCpu::Invpcid;
    SECTION("a page") {
        REQUIRE(world.invoke(caller, world.frame, Method::page_unmap).ok());
        CHECK(x86::simulated.invpcid ==
              (pcid ? std::vector{Invpcid{x86::InvpcidType::address, asid.value, page}} : std::vector<Invpcid>{}));
    }
    SECTION("a table") {
        REQUIRE(world.invoke(caller, world.table, Method::page_table_unmap).ok());
        CHECK(x86::simulated.invpcid ==
              (pcid ? std::vector{Invpcid{x86::InvpcidType::context, asid.value, 0}} : std::vector<Invpcid>{}));
    }
    CHECK(x86::simulated.invlpg.empty());
    CHECK(x86::simulated.cr3_loads.empty());
}

TEST_CASE("with isolation a thread that has lost its space gets the kernel's tables, where it can do nothing",
          "[isolation]") {
    Isolated world;
    const Word other = world.make_thread();
    REQUIRE(world.invoke(other, Method::tcb_set_space, {0, 0}, {0, at::cnode, world.space}).ok());
    world.run(world.thread(other));
    REQUIRE(world.invoke(world.thread(other), at::cnode, Method::cnode_revoke, {world.space, 64}).ok());
    CHECK(x86::entry_area.user_cr3 == kernel_state.kernel_pml4.raw());
}
