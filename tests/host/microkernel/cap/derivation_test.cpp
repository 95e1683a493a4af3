// SPDX-License-Identifier: BSD-2-Clause
// Who is derived from whom: parents, copies, badges, and what Revoke takes.
#include <support/fake_machine.hpp>

#include <lifetime/thread_space.hpp>

using namespace test;

namespace {

struct Family : FakeMachine {
    Word original = make(ObjectType::endpoint);

    Word copy(Word source, Rights rights = Rights::all()) {
        const Word to = free_slot();
        REQUIRE(invoke(at::cnode, Method::cnode_copy, {to, 64, source, 64, rights.raw()}, {at::cnode}).ok());
        return to;
    }
    CallResult revoke(Word what) { return invoke(at::cnode, Method::cnode_revoke, {what, 64}); }
    bool exists(Word what) { return !slot(what).is_empty(); }
};

} // namespace

TEST_CASE("the capability from Retype is an ancestor of all copies, a plain copy is nobody's", "[cap][derivation]") {
    Family family;
    const Word first = family.copy(family.original);
    const Word second = family.copy(first);
    CHECK(is_parent(family.slot(family.original), family.slot(first)));
    CHECK(is_parent(family.slot(family.original), family.slot(second)));
    CHECK_FALSE(is_parent(family.slot(first), family.slot(second)));
    REQUIRE(family.revoke(first).ok());
    CHECK(family.exists(second));
    REQUIRE(family.revoke(family.original).ok());
    CHECK(family.exists(family.original));
    CHECK_FALSE(family.exists(first));
    CHECK_FALSE(family.exists(second));
}

TEST_CASE("a fresh badge starts a family of its own", "[cap][derivation]") {
    Family family;
    const Word seven = family.mint(family.original, Rights::all(), 7);
    const Word also_seven = family.copy(seven);
    const Word another_seven = family.mint(family.original, Rights::all(), 7);
    const Word eight = family.mint(family.original, Rights::all(), 8);
    REQUIRE(family.revoke(seven).ok());
    CHECK(family.exists(seven));
    CHECK_FALSE(family.exists(also_seven));
    CHECK(family.exists(another_seven));
    CHECK(family.exists(eight));
}

TEST_CASE("what is left of a family does not count to one that is given the same badge later", "[cap][derivation]") {
    Family family;
    const Word seven = family.mint(family.original, Rights::all(), 7);
    const Word second = family.copy(seven);
    const Word first = family.copy(seven);
    REQUIRE(family.invoke(at::cnode, Method::cnode_delete, {seven, 64}).ok());
    const Word another_seven = family.mint(family.original, Rights::all(), 7);
    const Word its_copy = family.copy(another_seven);
    REQUIRE(family.invoke(at::cnode, Method::cnode_delete, {first, 64}).ok());
    REQUIRE(family.revoke(another_seven).ok());
    CHECK(family.exists(second));
    CHECK_FALSE(family.exists(its_copy));
    REQUIRE(family.revoke(family.original).ok());
    CHECK_FALSE(family.exists(second));
}

TEST_CASE("a badge is given once", "[cap][derivation]") {
    Family family;
    const Word seven = family.mint(family.original, Rights::all(), 7);
    const Word to = family.free_slot();
    CHECK(family.invoke(at::cnode, Method::cnode_mint, {to, 64, seven, 64, 15, 8}, {at::cnode}) ==
          Error::illegal_operation);
    CHECK(family.invoke(at::cnode, Method::cnode_mutate, {to, 64, family.original, 64, 8}, {at::cnode}) ==
          Error::illegal_operation);
    CHECK_FALSE(family.exists(to));
}

TEST_CASE("rights only shrink", "[cap][derivation]") {
    Family family;
    const Word readable = family.copy(family.original, Rights::read());
    CHECK(family.cap(readable).rights() == Rights::read());
    const Word again = family.copy(readable, Rights::all());
    CHECK(family.cap(again).rights() == Rights::read());
}

TEST_CASE("the last capability is final, one of two is not", "[cap][derivation]") {
    Family family;
    CHECK(is_final(family.slot(family.original)));
    const Word copy = family.copy(family.original);
    CHECK_FALSE(is_final(family.slot(family.original)));
    CHECK_FALSE(is_final(family.slot(copy)));
    REQUIRE(family.invoke(at::cnode, Method::cnode_delete, {family.original, 64}).ok());
    CHECK(is_final(family.slot(copy)));
}

TEST_CASE("a moved capability keeps parents, children and neighbours", "[cap][derivation]") {
    Family family;
    const Word copy = family.copy(family.original);
    const Word to = family.free_slot();
    REQUIRE(family.invoke(at::cnode, Method::cnode_move, {to, 64, family.original, 64}, {at::cnode}).ok());
    CHECK_FALSE(family.exists(family.original));
    CHECK(is_parent(family.slot(to), family.slot(copy)));
    CHECK(is_parent(family.slot(at::untyped), family.slot(to)));
    REQUIRE(family.revoke(to).ok());
    CHECK_FALSE(family.exists(copy));
}

TEST_CASE("rotation swaps two neighbours in the list", "[cap][derivation]") {
    Family family;
    const Word notification = family.make(ObjectType::notification);
    const Word tcb = family.make_thread();
    const Capability left = family.cap(tcb);
    const Word frame = family.make(ObjectType::frame_4k);
    const Capability right = family.cap(frame);
    CHECK(family.invoke(at::cnode, Method::cnode_rotate, {tcb, 64, 0, frame, 64, 0, tcb, 64}, {at::cnode, at::cnode})
              .ok());
    CHECK(family.cap(tcb) == right);
    CHECK(family.cap(frame) == left);
    CHECK(family.invoke(at::cnode, Method::cnode_rotate, {tcb, 64, 0, notification, 64, 0, tcb, 64},
                        {at::cnode, at::cnode}) == Error::illegal_operation);
}

TEST_CASE("a call through a CSpace with a guard finds the same capability on every path", "[cap][fastpath]") {
    // Its guard bits must not become part of the slot's index.
    Family family;
    const Word reply = family.make(ObjectType::reply);
    const Word client_cap = family.make_thread();
    const Word server_cap = family.make_thread(255, false);
    const Word node = family.make(ObjectType::cnode, 4);
    constexpr Word index = 5, guard = 0xabc;
    insert_derived(slots_of(family.cap(node))[index], family.cap(family.original), family.slot(family.original));
    Tcb& client = family.thread(client_cap);
    Capability root = family.cap(node);
    root.set_guard(abi::CNodeData(guard, 60).raw());
    remove_capability(client.slot(TcbSlot::cspace));
    install(client, TcbSlot::cspace, {root, &family.slot(node), family.cap(node)});

    Tcb& server = family.thread(server_cap);
    const Word lent = family.make_context();
    REQUIRE(family.invoke(lent, Method::sched_context_bind, {}, {server_cap}).ok());
    family.run(server);
    family.receive(server, family.original, reply);
    REQUIRE(server.state == ThreadState::receiving);
    family.run(family.root());
    REQUIRE(family.invoke(lent, Method::sched_context_unbind).ok());

    family.run(client);
    family.call(client, guard << 4 | index, 9, {42});
    CHECK(family.answer_of(server).words == Words{42});
    CHECK(client.state == ThreadState::awaiting_reply);
}
