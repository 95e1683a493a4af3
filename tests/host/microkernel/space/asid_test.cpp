// SPDX-License-Identifier: BSD-2-Clause
// Address-space identifiers: pools, who gets one, and what is left when a pool or a space goes.
#include <support/fake_machine.hpp>

#include <arch/x86_64/cpu/registers.hpp>
#include <check/memory_order.hpp>

using namespace test;

namespace {

constexpr Word invalid_root = 1;
constexpr Word page = 0x1'4020'3000;

struct Pools : FakeMachine {
    /// A pool in a new slot; 0 if it was refused.
    Word make_pool() {
        const Word memory = free_slot(), pool = free_slot();
        REQUIRE(invoke(at::untyped, Method::untyped_retype, {0, 12, 0, 0, memory, 1}, {at::cnode}).ok());
        return make_pool_of(memory, pool).ok() ? pool : 0;
    }
    CallResult make_pool_of(Word memory, Word to, Word depth = 64) {
        return invoke(at::asid_control, Method::asid_control_make_pool, {to, depth}, {memory, at::cnode});
    }
    CallResult assign(Word pool, Word space) { return invoke(pool, Method::asid_pool_assign, {}, {space}); }
    CallResult destroy(Word what) { return invoke(at::cnode, Method::cnode_delete, {what, 64}); }
};

} // namespace

TEST_CASE("MakePool: pools left, memory, children, destination", "[asid]") {
    Pools world;
    const Word memory = world.free_slot(), large = world.free_slot(), to = world.free_slot();
    REQUIRE(world.invoke(at::untyped, Method::untyped_retype, {0, 12, 0, 0, memory, 1}, {at::cnode}).ok());
    REQUIRE(world.invoke(at::untyped, Method::untyped_retype, {0, 13, 0, 0, large, 1}, {at::cnode}).ok());
    const Word device = world.free_slot();
    REQUIRE(world.invoke(at::device, Method::untyped_retype, {0, 12, 0, 0, device, 1}, {at::cnode}).ok());
    CHECK(world.invoke(at::asid_control, Method::asid_control_make_pool, {to}, {memory, at::cnode}) ==
          Error::truncated_message);
    CHECK(world.invoke(at::asid_control, Method::asid_control_make_pool, {to, 64}, {memory}) ==
          Error::truncated_message);
    CHECK(world.invoke(at::asid_control, Method::asid_pool_assign, {}, {memory}) == Error::illegal_operation);
    for (Word wrong : {Word{at::cnode}, large, device, world.free_slot()})
        CHECK(world.make_pool_of(wrong, at::tcb).is(Error::invalid_capability, {1}));
    const Word child = world.free_slot();
    REQUIRE(world.invoke(memory, Method::untyped_retype, {2, 0, 0, 0, child, 1}, {at::cnode}).ok());
    CHECK(world.make_pool_of(memory, at::tcb) == Error::revoke_first);
    REQUIRE(world.destroy(child).ok());
    CHECK(world.make_pool_of(memory, at::tcb) == Error::delete_first);
    CHECK(world.make_pool_of(memory, to, 0).is(Error::range_error, {1, 64}));
    CHECK(world.make_pool_of(memory, to).ok());
    // The memory of a pool is used.
    CHECK(world.invoke(memory, Method::untyped_retype, {2, 0, 0, 0, world.free_slot(), 1}, {at::cnode})
              .is(Error::not_enough_memory, {0}));
    CHECK(world.make_pool_of(memory, world.free_slot()) == Error::revoke_first);
}

TEST_CASE("there are eight pools, and one that goes can be made again", "[asid]") {
    Pools world;
    Word last = 0;
    for (int i = 0; i < 7; i++)
        REQUIRE((last = world.make_pool()) != 0);
    // No pool is left: that comes before everything else.
    CHECK(world.make_pool_of(at::cnode, at::tcb) == Error::delete_first);
    REQUIRE(world.destroy(last).ok());
    CHECK(world.make_pool() != 0);
}

TEST_CASE("Assign: a PML4 without identifier, a pool that is there, room in it", "[asid]") {
    Pools world;
    const Word pool = world.make_pool();
    CHECK(world.invoke(pool, Method::asid_pool_assign) == Error::truncated_message);
    CHECK(world.invoke(pool, Method::page_map, {}, {at::vspace}) == Error::illegal_operation);
    CHECK(world.assign(pool, at::cnode).is(Error::invalid_capability, {1}));
    CHECK(world.assign(pool, at::vspace).is(Error::invalid_capability, {1}));
    const Word space = world.make(ObjectType::pml4);
    REQUIRE(world.assign(pool, space).ok());
    CHECK(world.assign(pool, space).is(Error::invalid_capability, {1}));
    CHECK(world.call(world.root(), space, 45) == Error::illegal_operation);
}

TEST_CASE("a pool serves 512 spaces, the first one 511: identifier 0 is none", "[asid]") {
    Pools world;
    const Word untyped_pool = world.make_pool();
    for (Word pool : {Word{at::asid_pool}, untyped_pool}) {
        const unsigned taken = pool == at::asid_pool ? 1 : 0;
        const unsigned free = pool == at::asid_pool ? 511 - taken : 512;
        std::vector<Word> spaces;
        const Word base = world.free_slot();
        for (unsigned i = 0; i < free; i++) {
            const Word index = i == 0 ? base : world.free_slot();
            const PhysAddr root(0x200'0000 + i * 4096ul);
            init_space(root);
            insert_original(world.slot(index), Capability::table(CapType::pml4, root), &kernel_state.capabilities);
            put_in_order(kernel_state.capabilities);
            REQUIRE(world.assign(pool, index).ok());
            CHECK(world.cap(index).asid());
            spaces.push_back(index);
        }
        const Word one_more = world.make(ObjectType::pml4);
        CHECK(world.assign(pool, one_more) == Error::delete_first);
        REQUIRE(world.destroy(spaces[100]).ok());
        CHECK(world.assign(pool, one_more).ok());
        for (Word index : spaces)
            REQUIRE(world.destroy(index).ok());
        REQUIRE(world.destroy(one_more).ok());
    }
}

TEST_CASE("Assign marks just this capability: a copy made after has the identifier, none is copied before", "[asid]") {
    Pools world;
    const Word space = world.make(ObjectType::pml4), copy = world.free_slot();
    CHECK(world.invoke(at::cnode, Method::cnode_copy, {copy, 64, space, 64, 15}, {at::cnode}) ==
          Error::illegal_operation);
    REQUIRE(world.assign(at::asid_pool, space).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_copy, {copy, 64, space, 64, 15}, {at::cnode}).ok());
    CHECK(world.cap(copy).asid() == world.cap(space).asid());
    CHECK(world.assign(at::asid_pool, copy).is(Error::invalid_capability, {1}));
}

TEST_CASE("with its pool a space is gone: nothing is mapped there, and its thread faults", "[asid]") {
    Pools world;
    const Word pool = world.make_pool();
    const Word space = world.make(ObjectType::pml4), other = world.make(ObjectType::pml4);
    REQUIRE(world.assign(pool, space).ok());
    const Word pdpt = world.make(ObjectType::pdpt), second = world.make(ObjectType::pdpt);
    REQUIRE(world.invoke(pdpt, Method::pdpt_map, {page, 0}, {space}).ok());
    const Word frame = world.make(ObjectType::frame_4k);
    const Word thread_cap = world.make_thread();
    REQUIRE(world.invoke(thread_cap, Method::tcb_set_space, {0, 0}, {world.free_slot(), at::cnode, space}).ok());
    world.run(world.thread(thread_cap));
    CHECK(x86::simulated.cr3 == world.cap(space).object().raw());
    SECTION("the pool goes while the space is loaded") {
        world.invoke(world.thread(thread_cap), at::cnode, Method::cnode_delete, {pool, 64});
        CHECK(x86::simulated.cr3 == kernel_state.kernel_pml4.raw());
        world.run(world.root());
        CHECK(world.invoke(second, Method::pdpt_map, {page, 0}, {space}).is(Error::failed_lookup, {0, invalid_root}));
        CHECK(world.invoke(frame, Method::page_map, {page, 3, 0}, {space}).is(Error::failed_lookup, {0, invalid_root}));
        CHECK(world.assign(pool, other).is(Error::invalid_capability, {0}));
        // A pool made anew in its place does not bring the space back.
        REQUIRE(world.make_pool() != 0);
        CHECK(world.invoke(frame, Method::page_map, {page, 3, 0}, {space}).is(Error::failed_lookup, {0, invalid_root}));
        CHECK(world.invoke(pdpt, Method::pdpt_unmap).ok());
    }
    SECTION("its own thread revokes the memory of its space") {
        Tcb& thread = world.thread(thread_cap);
        world.run(world.root());
        const Word own = world.free_slot();
        REQUIRE(world.invoke(at::small_untyped, Method::untyped_retype, {8, 0, 0, 0, own, 1}, {at::cnode}).ok());
        REQUIRE(world.assign(pool, own).ok());
        REQUIRE(world.invoke(thread_cap, Method::tcb_set_space, {0, 0}, {world.free_slot(), at::cnode, own}).ok());
        world.run(thread);
        CHECK(x86::simulated.cr3 == world.cap(at::small_untyped).object().raw());
        REQUIRE(world.invoke(thread, at::cnode, Method::cnode_revoke, {at::small_untyped, 64}).ok());
        CHECK(x86::simulated.cr3 == kernel_state.kernel_pml4.raw());
        CHECK(world.cap(own).is_null());
    }
    SECTION("its own thread destroys the space") {
        Tcb& thread = world.thread(thread_cap);
        REQUIRE(world.invoke(thread, at::cnode, Method::cnode_revoke, {space, 64}).ok());
        REQUIRE(world.invoke(thread, at::cnode, Method::cnode_delete, {space, 64}).ok());
        CHECK(x86::simulated.cr3 == kernel_state.kernel_pml4.raw());
        CHECK(world.is_running(thread));
    }
    SECTION("the space itself goes while it is loaded") {
        world.run(world.root());
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {space, 64}).ok());
        world.run(world.thread(thread_cap));
        CHECK(x86::simulated.cr3 == kernel_state.kernel_pml4.raw());
    }
}

TEST_CASE("a pool capability whose pool was made again elsewhere assigns nothing", "[asid]") {
    Pools world;
    const Word pool = world.make_pool(), copy = world.free_slot();
    REQUIRE(world.invoke(at::cnode, Method::cnode_copy, {copy, 64, pool, 64, 15}, {at::cnode}).ok());
    REQUIRE(world.destroy(pool).ok());
    // The copy keeps the pool alive.
    CHECK(world.assign(copy, world.make(ObjectType::pml4)).ok());
    REQUIRE(world.destroy(copy).ok());
    CHECK(world.make_pool() != 0);
}

TEST_CASE("a PCID keeps translations over a switch; what changes is thrown away with the CPU's own means", "[asid]") {
    const bool has_invpcid = GENERATE(true, false);
    Pools world;
    kernel_state.features.pcid = true;
    kernel_state.features.invpcid = has_invpcid;
    x86::simulated.cr3 = loaded_cr3(true).raw() & ~x86::Cr3::no_flush;
    const Word space = world.make(ObjectType::pml4);
    REQUIRE(world.assign(at::asid_pool, space).ok());
    const Asid asid = world.cap(space).asid();
    const Word tables[] = {world.make(ObjectType::pdpt), world.make(ObjectType::page_directory),
                           world.make(ObjectType::page_table)};
    REQUIRE(world.invoke(tables[0], Method::pdpt_map, {page, 0}, {space}).ok());
    REQUIRE(world.invoke(tables[1], Method::page_directory_map, {page, 0}, {space}).ok());
    REQUIRE(world.invoke(tables[2], Method::page_table_map, {page, 0}, {space}).ok());
    const Word frame = world.make(ObjectType::frame_4k);
    REQUIRE(world.invoke(frame, Method::page_map, {page, 3, 0}, {space}).ok());
    x86::simulated.invpcid.clear();
    x86::simulated.cr3_loads.clear();
    x86::simulated.invlpg.clear();
    SECTION("a page") {
        REQUIRE(world.invoke(frame, Method::page_unmap).ok());
        if (has_invpcid) {
            CHECK(x86::simulated.invpcid ==
                  std::vector{x86::SimulatedCpu::Invpcid{x86::InvpcidType::address, asid.value, page}});
        } else {
            REQUIRE(x86::simulated.cr3_loads.size() == 2);
            // Loading with this identifier and without the bit that keeps translations, then back, keeping.
            CHECK((x86::simulated.cr3_loads[0] & 0xfff) == asid.value);
            CHECK(x86::simulated.cr3_loads[0] >> 63 == 0);
            CHECK(x86::simulated.cr3_loads[1] >> 63 == 1);
        }
    }
    SECTION("a table") {
        REQUIRE(world.invoke(tables[2], Method::page_table_unmap).ok());
        if (has_invpcid)
            CHECK(x86::simulated.invpcid ==
                  std::vector{x86::SimulatedCpu::Invpcid{x86::InvpcidType::context, asid.value, 0}});
        else
            CHECK(x86::simulated.cr3_loads.size() == 2);
    }
    CHECK(x86::simulated.invlpg.empty());
}
