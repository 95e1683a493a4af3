// SPDX-License-Identifier: BSD-2-Clause
#include <support/fake_machine.hpp>

using namespace test;
using abi::LookupFailure;

namespace {

/// root (guard 0b101, 3 bits; 4 slots) -> slot 2: node (guard 0xa, 4 bits; 8 slots) -> slot 5: endpoint.
struct Tree : FakeMachine {
    Word outer = make(ObjectType::cnode, 2);
    Word inner = make(ObjectType::cnode, 3);
    Word leaf_endpoint = make(ObjectType::endpoint);
    Capability root_cap = cap(outer);
    Slot* outer_slots = slots_of(cap(outer));
    Slot* inner_slots = slots_of(cap(inner));

    Tree() {
        root_cap.set_guard(abi::CNodeData(0b101, 3).raw());
        Capability node = cap(inner);
        node.set_guard(abi::CNodeData(0xa, 4).raw());
        insert_derived(outer_slots[2], node, slot(inner));
        insert_derived(inner_slots[5], cap(leaf_endpoint), slot(leaf_endpoint));
    }
};

/// 101 10 1010 101: all twelve bits.
constexpr Word whole_path = 0b1011'0101'0101;

Words words_of(const SyscallError& error) {
    Words words(SyscallError::most_words);
    words.resize(error.write_to(words.data()));
    return words;
}

} // namespace

TEST_CASE("a path through two CNodes ends at the slot it names", "[cap][lookup]") {
    Tree tree;
    const auto found = resolve(tree.root_cap, whole_path, 12);
    REQUIRE(found);
    CHECK(found->slot == &tree.inner_slots[5]);
    CHECK(found->bits_left == 0);
}

TEST_CASE("bits above the depth are not looked at", "[cap][lookup]") {
    Tree tree;
    const auto found = resolve(tree.root_cap, whole_path | ~ones(12), 12);
    REQUIRE(found);
    CHECK(found->slot == &tree.inner_slots[5]);
}

TEST_CASE("a path that is used up at a CNode names that CNode", "[cap][lookup]") {
    Tree tree;
    const auto found = resolve(tree.root_cap, 0b1'0110, 5);
    REQUIRE(found);
    CHECK(found->slot == &tree.outer_slots[2]);
    CHECK(found->bits_left == 0);
}

TEST_CASE("a path ends early at a slot that holds no CNode", "[cap][lookup]") {
    Tree tree;
    const auto empty = resolve(tree.root_cap, 0b1'0111'0101'0101, 12 + 0);
    REQUIRE_FALSE(empty); // guard of the root: the path begins with 0
    const auto found = resolve(tree.root_cap, 0b1011'1101'0101, 12);
    REQUIRE(found);
    CHECK(found->slot == &tree.outer_slots[3]);
    CHECK(found->bits_left == 7);
}

TEST_CASE("a root that is no CNode is an invalid root", "[cap][lookup]") {
    Tree tree;
    for (const Capability& root : {Capability{}, tree.cap(tree.leaf_endpoint), tree.cap(at::tcb)}) {
        const auto found = resolve(root, 0, 64);
        REQUIRE_FALSE(found);
        CHECK(found.error().type() == LookupFailure::invalid_root);
        Word words[4];
        CHECK(found.error().write_to(words) == 1);
        CHECK(words[0] == 1);
    }
}

TEST_CASE("a wrong guard says how many bits were left, and the guard", "[cap][lookup]") {
    Tree tree;
    const auto at_root = resolve(tree.root_cap, whole_path ^ 1u << 10, 12);
    REQUIRE_FALSE(at_root);
    Word words[4];
    REQUIRE(at_root.error().write_to(words) == 4);
    CHECK(Words(words, words + 4) == Words{4, 12, 0b101, 3});
    const auto inside = resolve(tree.root_cap, whole_path ^ 1u << 3, 12);
    REQUIRE_FALSE(inside);
    REQUIRE(inside.error().write_to(words) == 4);
    CHECK(Words(words, words + 4) == Words{4, 7, 0xa, 4});
}

TEST_CASE("every single bit of a guard is compared", "[cap][lookup]") {
    Tree tree;
    for (unsigned position : {3u, 4u, 5u, 6u, 9u, 10u, 11u})
        CHECK_FALSE(resolve(tree.root_cap, whole_path ^ bit(position), 12));
}

TEST_CASE("a path shorter than the guard is a guard mismatch, before any depth", "[cap][lookup]") {
    Tree tree;
    Word words[4];
    const auto found = resolve(tree.root_cap, 0b10, 2);
    REQUIRE_FALSE(found);
    CHECK(found.error().type() == LookupFailure::guard_mismatch);
    REQUIRE(found.error().write_to(words) == 4);
    CHECK(words[1] == 2);
}

TEST_CASE("a path that ends inside an index is a depth mismatch with what the CNode resolves", "[cap][lookup]") {
    Tree tree;
    const auto found = resolve(tree.root_cap, 0b1010, 4);
    REQUIRE_FALSE(found);
    Word words[4];
    REQUIRE(found.error().write_to(words) == 3);
    CHECK(Words(words, words + 3) == Words{3, 4, 5});
}

TEST_CASE("64 CNodes of one bit each resolve 64 bits", "[cap][lookup]") {
    FakeMachine machine;
    std::vector<Word> nodes;
    for (int i = 0; i < 64; i++) {
        nodes.push_back(machine.make(ObjectType::cnode, 1));
        machine.slot(nodes.back()).cap.set_guard(0);
    }
    const Word pointer = 0x9249'2492'4924'9249;
    Slot* last = nullptr;
    for (unsigned i = 0; i < 64; i++) {
        Slot& place = slots_of(machine.cap(nodes[i]))[pointer >> (63 - i) & 1];
        if (i < 63)
            insert_derived(place, machine.cap(nodes[i + 1]), machine.slot(nodes[i + 1]));
        else
            last = &place;
    }
    const auto found = resolve(machine.cap(nodes[0]), pointer, 64);
    REQUIRE(found);
    CHECK(found->slot == last);
    CHECK(found->bits_left == 0);
}

TEST_CASE("a guard of 63 bits and one slot bit make a CNode of 64 bits", "[cap][lookup]") {
    FakeMachine machine;
    const Word node = machine.make(ObjectType::cnode, 1);
    Capability root = machine.cap(node);
    root.set_guard(abi::CNodeData(ones(58), 63).raw());
    const auto found = resolve(root, ones(59), 64);
    REQUIRE(found);
    CHECK(found->slot == &slots_of(root)[1]);
    CHECK_FALSE(resolve(root, ~Word{0}, 64));
}

TEST_CASE("CNode operations need a depth of 1 to 64", "[cap][lookup]") {
    Tree tree;
    for (Word depth : {Word{0}, Word{65}, ~Word{0}, bit(32) + 5}) {
        const auto found = lookup_slot(tree.root_cap, 0, depth, false);
        REQUIRE_FALSE(found);
        CHECK(found.error().error() == Error::range_error);
        CHECK(words_of(found.error()) == Words{1, 64});
    }
}

TEST_CASE("CNode operations do not accept left-over bits", "[cap][lookup]") {
    Tree tree;
    for (bool source : {false, true}) {
        const auto found = lookup_slot(tree.root_cap, 0b1011'1101'0101, 12, source);
        REQUIRE_FALSE(found);
        const SyscallError& error = found.error();
        CHECK(error.error() == Error::failed_lookup);
        CHECK(words_of(error) == Words{source, 3, 7, 0});
    }
}

TEST_CASE("a CNode operation on a root that is none says so before it looks at the depth", "[cap][lookup]") {
    const auto found = lookup_slot(Capability{}, 0, 0, true);
    REQUIRE_FALSE(found);
    CHECK(found.error().error() == Error::failed_lookup);
    CHECK(words_of(found.error()) == Words{1, 1});
}
