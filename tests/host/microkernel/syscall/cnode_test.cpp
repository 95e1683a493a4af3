// SPDX-License-Identifier: BSD-2-Clause
// Methods of CNodes: errors in their order, what a copy may still do, and what each type does with a datum.
#include <support/fake_machine.hpp>

using namespace test;

namespace {

constexpr Word invalid_root = 1, missing = 2, depth_mismatch = 3, guard_mismatch = 4;

struct CNodes : FakeMachine {
    Word place = free_slot();
    Word endpoint = make(ObjectType::endpoint);
    Word small = make(ObjectType::cnode, 4);

    CallResult copy(Word to, Word from, Word rights = 15) {
        return invoke(at::cnode, Method::cnode_copy, {to, 64, from, 64, rights}, {at::cnode});
    }
    CallResult mint(Word to, Word from, Word data, Word rights = 15) {
        return invoke(at::cnode, Method::cnode_mint, {to, 64, from, 64, rights, data}, {at::cnode});
    }
    CallResult move(Word to, Word from) {
        return invoke(at::cnode, Method::cnode_move, {to, 64, from, 64}, {at::cnode});
    }
    CallResult mutate(Word to, Word from, Word data) {
        return invoke(at::cnode, Method::cnode_mutate, {to, 64, from, 64, data}, {at::cnode});
    }
    CallResult rotate(Word to, Word to_data, Word pivot, Word pivot_data, Word from) {
        return invoke(at::cnode, Method::cnode_rotate, {to, 64, to_data, pivot, 64, pivot_data, from, 64},
                      {at::cnode, at::cnode});
    }
    Word empty() { return free_slot(); }
};

} // namespace

TEST_CASE("copies and moves: destination, whether it is taken, source, whether it is empty, then the capability",
          "[cnode]") {
    for (Method method : {Method::cnode_copy, Method::cnode_mint, Method::cnode_move, Method::cnode_mutate}) {
        CNodes world;
        const auto go = [&](Word to, Word to_depth, Word from, Word from_depth, Word root = at::cnode) {
            return world.invoke(at::cnode, method, {to, to_depth, from, from_depth, 15, 0}, {root});
        };
        const unsigned words = method == Method::cnode_move ? 4 : method == Method::cnode_mint ? 6 : 5;
        CHECK(world.invoke(at::cnode, method, Words(words, 0)) == Error::truncated_message);
        CHECK(world.invoke(at::cnode, method, Words(words - 1, 0), {at::cnode}) == Error::truncated_message);
        CHECK(go(world.place, 0, 0, 0, at::tcb).is(Error::range_error, {1, 64}));
        CHECK(go(world.place, 65, 0, 0, at::tcb).is(Error::range_error, {1, 64}));
        CHECK(go(bit(63), 64, 0, 0, at::tcb).is(Error::failed_lookup, {0, guard_mismatch, 64, 0, 52}));
        CHECK(go(world.endpoint, 64, 0, 0, at::tcb) == Error::delete_first);
        CHECK(go(world.place, 64, 0, 0, at::tcb).is(Error::failed_lookup, {1, invalid_root}));
        CHECK(go(world.place, 64, 0, 0).is(Error::range_error, {1, 64}));
        CHECK(go(world.place, 64, bit(63), 64).is(Error::failed_lookup, {1, guard_mismatch, 64, 0, 52}));
        // A pointer of 52 bits ends inside the guard and index that a CNode of 64 bits resolves.
        CHECK(go(world.place, 64, 0, 52).is(Error::failed_lookup, {1, depth_mismatch, 52, 64}));
        CHECK(go(world.place, 64, world.empty(), 64).is(Error::failed_lookup, {1, missing, 64}));
        CHECK(go(world.place, 64, world.place, 64).is(Error::failed_lookup, {1, missing, 64}));
        CHECK(world.cap(world.place).is_null());
    }
}

TEST_CASE("left-over bits are refused, in a slot with a capability and in an empty one", "[cnode]") {
    CNodes world;
    // Below the small CNode there is nothing: 12 bits name its slot, 4 are left.
    const Word node = world.make(ObjectType::cnode, 12);
    world.slot(node).cap.set_guard(0);
    CHECK(world.invoke(node, Method::cnode_delete, {0, 16}).is(Error::failed_lookup, {0, depth_mismatch, 4, 0}));
    REQUIRE(world.invoke(node, Method::cnode_copy, {0, 12, world.endpoint, 64, 15}, {at::cnode}).ok());
    CHECK(world.invoke(node, Method::cnode_delete, {0, 16}).is(Error::failed_lookup, {0, depth_mismatch, 4, 0}));
    CHECK(world.invoke(node, Method::cnode_delete, {0, 12}).ok());
}

TEST_CASE("what is copied, and what is not", "[cnode]") {
    CNodes world;
    const Word handler = world.empty(), ports = world.empty();
    REQUIRE(
        world.invoke(at::irq_control, Method::irq_control_get_ioapic, {handler, 64, 0, 1, 0, 0, 5}, {at::cnode}).ok());
    REQUIRE(
        world.invoke(at::io_port_control, Method::io_port_control_issue, {0x60, 0x64, ports, 64}, {at::cnode}).ok());
    for (Word what :
         {world.endpoint, world.make(ObjectType::notification), world.make(ObjectType::tcb), world.small,
          world.make(ObjectType::reply), world.make(ObjectType::sched_context, 8), Word{at::sched_control},
          Word{at::domain_set}, Word{at::asid_control}, Word{at::asid_pool}, handler, ports, Word{at::vspace}}) {
        CAPTURE(what);
        const Word to = world.empty();
        CHECK(world.copy(to, what).ok());
        CHECK(world.cap(to) == world.cap(what));
    }
    for (Word what :
         {Word{at::irq_control}, Word{at::io_port_control}, world.make(ObjectType::page_table),
          world.make(ObjectType::page_directory), world.make(ObjectType::pdpt), world.make(ObjectType::pml4)}) {
        CAPTURE(what);
        CHECK(world.copy(world.place, what) == Error::illegal_operation);
    }
    CHECK(world.copy(world.place, at::untyped) == Error::revoke_first);
}

TEST_CASE("a copied frame is not mapped, a copied table is", "[cnode]") {
    CNodes world;
    const Word pdpt = world.make(ObjectType::pdpt);
    REQUIRE(world.invoke(pdpt, Method::pdpt_map, {0x1'0000'0000, 0}, {at::vspace}).ok());
    REQUIRE(world.copy(world.place, pdpt).ok());
    CHECK(world.invoke(world.place, Method::pdpt_map, {0x2'0000'0000, 0}, {at::vspace})
              .is(Error::invalid_capability, {0}));
    CHECK(world.invoke(pdpt, Method::pdpt_unmap) == Error::revoke_first);
}

TEST_CASE("rights shrink only, and count for four types", "[cnode]") {
    CNodes world;
    const Word once = world.empty(), twice = world.empty();
    REQUIRE(world.copy(once, world.endpoint, 3).ok());
    REQUIRE(world.copy(twice, once, 13).ok());
    CHECK(world.cap(twice).rights() == Rights::write());
    const Word thread = world.empty();
    REQUIRE(world.copy(thread, at::tcb, 0).ok());
    CHECK(world.invoke(thread, Method::tcb_set_flags, {0, 0}).ok());
    for (ObjectType type : {ObjectType::notification, ObjectType::reply, ObjectType::frame_4k}) {
        const Word to = world.empty();
        REQUIRE(world.copy(to, world.make(type), 1).ok());
        CHECK(world.cap(to).rights() == Rights::write());
    }
}

TEST_CASE("a badge is given once, by Mint; then only Copy and Move take the capability", "[cnode]") {
    for (ObjectType type : {ObjectType::endpoint, ObjectType::notification}) {
        CNodes world;
        const Word plain = world.make(type);
        const Word badged = world.empty();
        CHECK(world.mint(badged, plain, ~Word{0}).ok());
        CHECK(world.cap(badged).badge() == ~Word{0});
        CHECK(world.mint(world.place, badged, 0) == Error::illegal_operation);
        CHECK(world.mutate(world.place, badged, 0) == Error::illegal_operation);
        CHECK(world.mutate(world.place, plain, 0) == Error::illegal_operation);
        CHECK(world.mint(world.place, plain, 0).ok());
        CHECK(world.cap(world.place).badge() == 0);
        const Word moved = world.empty(), copied = world.empty();
        CHECK(world.move(moved, badged).ok());
        CHECK(world.copy(copied, moved).ok());
        CHECK(world.cap(copied).badge() == ~Word{0});
    }
}

TEST_CASE("the datum of a CNode is its guard", "[cnode]") {
    CNodes world;
    CHECK(world.mint(world.place, world.small, abi::CNodeData(0x123, 60).raw()).ok());
    CHECK(world.cap(world.place).guard() == 0x123);
    CHECK(world.cap(world.place).guard_size() == 60);
    const Word other = world.empty();
    CHECK(world.mint(other, world.small, abi::CNodeData(0, 61).raw()) == Error::illegal_operation);
    CHECK(world.mutate(other, world.place, abi::CNodeData(0, 61).raw()) == Error::illegal_operation);
    CHECK(world.mutate(other, world.place, 0).ok());
    CHECK(world.cap(other).guard_size() == 0);
    // Bits of the guard beyond its size do not count.
    CHECK(world.mutate(world.place, other, abi::CNodeData(0xff, 4).raw()).ok());
    CHECK(world.cap(world.place).guard() == 0xf);
    // Other types take no notice.
    const Word thread = world.empty();
    CHECK(world.mint(thread, at::tcb, 77).ok());
    CHECK(world.mutate(world.empty(), thread, 78).ok());
}

TEST_CASE("Rotate: errors in their order", "[cnode]") {
    CNodes world;
    const Word to = world.empty(), pivot = world.small, from = world.make(ObjectType::tcb);
    const auto raw = [&](const Words& words, const Words& caps) {
        return world.invoke(at::cnode, Method::cnode_rotate, words, caps);
    };
    CHECK(raw({to, 64, 0, pivot, 64, 0, from}, {at::cnode, at::cnode}) == Error::truncated_message);
    CHECK(raw({to, 64, 0, pivot, 64, 0, from, 64}, {at::cnode}) == Error::truncated_message);
    CHECK(raw({bit(63), 64, 0, 0, 0, 0, 0, 0}, {at::tcb, at::tcb})
              .is(Error::failed_lookup, {0, guard_mismatch, 64, 0, 52}));
    CHECK(raw({to, 64, 0, 0, 0, 0, 0, 0}, {at::tcb, at::tcb}).is(Error::failed_lookup, {1, invalid_root}));
    CHECK(raw({to, 64, 0, 0, 0, 0, 0, 65}, {at::tcb, at::cnode}).is(Error::range_error, {1, 64}));
    CHECK(raw({to, 64, 0, 0, 0, 0, from, 64}, {at::tcb, at::cnode}).is(Error::failed_lookup, {1, invalid_root}));
    CHECK(raw({to, 64, 0, 0, 65, 0, from, 64}, {at::cnode, at::cnode}).is(Error::range_error, {1, 64}));
    CHECK(world.rotate(to, 0, from, 0, from) == Error::illegal_operation);
    CHECK(world.rotate(to, 0, to, 0, from) == Error::illegal_operation);
    CHECK(world.rotate(world.endpoint, 0, world.empty(), 0, world.empty()) == Error::delete_first);
    CHECK(world.rotate(to, 0, world.empty(), 0, world.empty()).is(Error::failed_lookup, {1, missing, 64}));
    CHECK(world.rotate(to, 0, world.empty(), 0, from).is(Error::failed_lookup, {0, missing, 64}));
    CHECK(world.rotate(to, 0, pivot, 0, world.endpoint) == Error::illegal_operation);
    CHECK(world.rotate(to, 0, world.endpoint, 0, from) == Error::illegal_operation);
    CHECK(world.rotate(to, abi::CNodeData(0, 61).raw(), pivot, 0, from) == Error::illegal_operation);
    CHECK(world.cap(to).is_null());
    // dest_badge is for what comes from the pivot, pivot_badge for what comes from the source.
    CHECK(world.rotate(to, abi::CNodeData(5, 3).raw(), pivot, 99, from).ok());
    CHECK(world.cap(to).is(CapType::cnode));
    CHECK(world.cap(to).guard() == 5);
    CHECK(world.cap(pivot).is(CapType::tcb));
    CHECK(world.cap(from).is_null());
    // With destination = source the two change places.
    CHECK(world.rotate(to, 0, pivot, 0, to).ok());
    CHECK(world.cap(to).is(CapType::tcb));
    CHECK(world.cap(pivot).is(CapType::cnode));
    const Word other = world.make(ObjectType::cnode, 4), place = world.empty();
    REQUIRE(world.rotate(place, abi::CNodeData(2, 3).raw(), pivot, abi::CNodeData(6, 4).raw(), other).ok());
    CHECK(world.cap(place).guard() == 2);
    CHECK(world.cap(pivot).guard() == 6);
}

TEST_CASE("Revoke and Delete look the slot up, and succeed on an empty one", "[cnode]") {
    CNodes world;
    for (Method method : {Method::cnode_revoke, Method::cnode_delete, Method::cnode_cancel_badged_sends}) {
        CHECK(world.invoke(at::cnode, method, {1}) == Error::truncated_message);
        CHECK(world.invoke(at::cnode, method, {1, 0}).is(Error::range_error, {1, 64}));
        CHECK(world.invoke(at::cnode, method, {bit(63), 64}).is(Error::failed_lookup, {0, guard_mismatch, 64, 0, 52}));
    }
    CHECK(world.invoke(at::cnode, Method::cnode_revoke, {world.place, 64}).ok());
    CHECK(world.invoke(at::cnode, Method::cnode_delete, {world.place, 64}).ok());
}

TEST_CASE("handlers and port ranges descend from their control", "[cnode]") {
    CNodes world;
    const Word handler = world.empty(), copy = world.empty(), ports = world.empty();
    REQUIRE(
        world.invoke(at::irq_control, Method::irq_control_get_ioapic, {handler, 64, 0, 1, 0, 0, 5}, {at::cnode}).ok());
    REQUIRE(world.copy(copy, handler).ok());
    REQUIRE(
        world.invoke(at::io_port_control, Method::io_port_control_issue, {0x60, 0x64, ports, 64}, {at::cnode}).ok());
    CHECK(world.invoke(at::cnode, Method::cnode_revoke, {handler, 64}).ok());
    CHECK(world.cap(copy).is_null());
    CHECK(world.invoke(at::cnode, Method::cnode_revoke, {at::irq_control, 64}).ok());
    CHECK(world.cap(handler).is_null());
    CHECK_FALSE(world.cap(ports).is_null());
    CHECK(world.invoke(at::cnode, Method::cnode_revoke, {at::io_port_control, 64}).ok());
    CHECK(world.cap(ports).is_null());
    CHECK_FALSE(world.cap(at::io_port_control).is_null());
}

TEST_CASE("a half deleted object is not invoked, copied or moved; Delete goes on with it", "[cnode]") {
    CNodes world;
    const Word node = world.make(ObjectType::cnode, 8);
    for (Word i = 0; i < 200; i++)
        REQUIRE(world.invoke(node, Method::cnode_copy, {i, 64, world.endpoint, 64, 15}, {at::cnode}).ok());
    world.interrupt_at_look(2);
    world.put_message(world.root(), static_cast<Word>(Method::cnode_delete), {node, 64});
    CHECK_FALSE(world.enter(world.root(), Syscall::call, at::cnode).completed);
    world.no_interrupts();
    REQUIRE(world.cap(node).is(CapType::zombie));
    CHECK(world.invoke(node, Method::cnode_delete, {0, 64}).is(Error::invalid_capability, {0}));
    CHECK(world.copy(world.place, node) == Error::illegal_operation);
    CHECK(world.mint(world.place, node, 0) == Error::illegal_operation);
    CHECK(world.move(world.place, node) == Error::illegal_operation);
    CHECK(world.mutate(world.place, node, 0) == Error::illegal_operation);
    CHECK(world.rotate(world.place, 0, world.small, 0, node) == Error::illegal_operation);
    CHECK(world.rotate(world.place, 0, node, 0, world.small) == Error::illegal_operation);
    CHECK(world.invoke(at::cnode, Method::cnode_delete, {node, 64}).ok());
    CHECK(world.cap(node).is_null());
}

TEST_CASE("an unknown label of a CNode, and any label of nothing", "[cnode]") {
    CNodes world;
    for (Word label : {0, 17, 26, 70, 73})
        CHECK(world.call(world.root(), world.small, label) == Error::illegal_operation);
    CHECK(world.call(world.root(), world.empty(), 19).is(Error::invalid_capability, {0}));
}

TEST_CASE("a refused method told by Send or NBSend says and changes nothing", "[cnode]") {
    for (Syscall number : {Syscall::send, Syscall::nb_send}) {
        CNodes world;
        const Word rsi = abi::MessageInfo(21, 5, 1).raw();
        CHECK(world.send(world.root(), at::cnode, 21, {world.endpoint, 64, world.place, 64, 15}, {at::cnode}, number)
                  .completed);
        CHECK(world.root().context.rsi == rsi);
        CHECK(world.send(world.root(), at::cnode, 21, {world.place, 64, world.endpoint, 64, 15}, {at::cnode}, number)
                  .completed);
        CHECK(world.cap(world.place).is(CapType::endpoint));
    }
}

TEST_CASE("Retype finds its destination by index and depth", "[cnode]") {
    CNodes world;
    const auto retype = [&](Word index, Word depth, Word offset, Word root = at::cnode) {
        return world.invoke(at::untyped, Method::untyped_retype, {2, 0, index, depth, offset, 1}, {root});
    };
    CHECK(retype(0, 0, 0, at::tcb).is(Error::failed_lookup, {0, missing, 0}));
    CHECK(retype(world.small, 64, 0, at::tcb).is(Error::failed_lookup, {0, invalid_root}));
    CHECK(retype(world.small, 65, 0).is(Error::range_error, {1, 64}));
    CHECK(retype(bit(63), 64, 0).is(Error::failed_lookup, {0, guard_mismatch, 64, 0, 52}));
    CHECK(retype(world.endpoint, 64, 0).is(Error::failed_lookup, {0, missing, 64}));
    CHECK(retype(world.empty(), 64, 0).is(Error::failed_lookup, {0, missing, 64}));
    CHECK(retype(world.small, 64, 16).is(Error::range_error, {0, 15}));
    CHECK(retype(world.small, 64, 15).ok());
    CHECK(slots_of(world.cap(world.small))[15].cap.is(CapType::endpoint));
    CHECK(world.invoke(at::untyped, static_cast<Method>(2)) == Error::illegal_operation);
}

TEST_CASE("a plain copy of a handler is nobody's ancestor", "[cnode]") {
    CNodes world;
    const Word handler = world.empty(), copy = world.empty(), second = world.empty();
    REQUIRE(
        world.invoke(at::irq_control, Method::irq_control_get_ioapic, {handler, 64, 0, 1, 0, 0, 5}, {at::cnode}).ok());
    REQUIRE(world.copy(copy, handler).ok());
    REQUIRE(world.copy(second, copy).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {copy, 64}).ok());
    CHECK_FALSE(world.cap(second).is_null());
}
