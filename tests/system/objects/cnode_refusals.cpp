// SPDX-License-Identifier: BSD-2-Clause
// What CNode methods refuse, in which order, and with which words: the same table for all of them.
#include <tests/system/lib/invoke.hpp>

using abi::Invocation;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Word;

namespace {

constexpr Word all_rights = 15;

/// A place for a capability: root, index, depth.
struct Path {
    AnyCap root;
    Word index = 0;
    Word depth = 64;
};

/// Copy, Mint, Move and Mutate take the same paths, and one or two further words.
struct Method {
    Invocation method;
    unsigned further; ///< words behind the two paths
};
constexpr Method two_path_methods[] = {{Invocation::cnode_copy, 1},
                                       {Invocation::cnode_mint, 2},
                                       {Invocation::cnode_move, 0},
                                       {Invocation::cnode_mutate, 1}};

Answer transfer(const Method& which, const Path& to, const Path& from) {
    const Word a = to.index, b = to.depth, c = from.index, d = from.depth;
    // Mint: rights and badge; Mutate: its only word is the badge, and must be 0 to be harmless.
    switch (which.further) {
    case 0: return invoke(to.root, which.method, {a, b, c, d}, {from.root});
    case 1:
        return invoke(to.root, which.method, {a, b, c, d, which.method == Invocation::cnode_copy ? all_rights : 0},
                      {from.root});
    default: return invoke(to.root, which.method, {a, b, c, d, all_rights, 0}, {from.root});
    }
}

struct Bench {
    static constexpr unsigned node_bits = 3;
    Cap<sys::CNode> node;    ///< no guard: three bits name a slot
    Cap<sys::CNode> guarded; ///< the same slots behind the guard 0b10 of two bits
    Cap<sys::Endpoint> endpoint;

    sys::Result<void> make() {
        node = TRY(sys::make_object<sys::CNode>(test::space(), test::arena(), node_bits));
        guarded = TRY(
            sys::mint_cap(test::space(), node.get(), sys::Rights::all(), sys::Badge{abi::CNodeData(0b10, 2).raw()}));
        endpoint = TRY(sys::make_object<sys::Endpoint>(test::space(), test::arena()));
        // Slot 1 is taken by what may be copied and moved, slot 2 by an untyped; the others are empty.
        return node->at(1, node_bits).copy_from(test::space().at(abi::root_slot::tcb));
    }
    /// Slot 1 is taken, and no other.
    bool is_unchanged() const {
        for (Word slot = 0; slot < 8; ++slot) {
            const auto moved = node->at(slot, node_bits).move_from(node->at(slot, node_bits));
            const abi::Error expected = slot == 1 ? abi::Error::delete_first : abi::Error::failed_lookup;
            if (moved || !(moved.error() == expected))
                return false;
        }
        return true;
    }
};

} // namespace

SYSTEM_TEST("Copy, Mint, Move, Mutate: too few words or no capability is a truncated message") {
    Bench bench;
    REQUIRE_OK(bench.make());
    const Word slot = 64; // would be the wrong depth, too: nothing of it is looked at
    for (const Method& method : two_path_methods) {
        const Word label = static_cast<Word>(method.method);
        CHECK_ANSWER(invoke(bench.node, label, {}, {own_cnode()}), truncated_message);
        CHECK_ANSWER(invoke(bench.node, label, {0, slot, 0}, {own_cnode()}), truncated_message);
        if (method.further >= 1)
            CHECK_ANSWER(invoke(bench.node, label, {0, slot, 0, 64}, {own_cnode()}), truncated_message);
        if (method.further == 2)
            CHECK_ANSWER(invoke(bench.node, label, {0, slot, 0, 64, all_rights}, {own_cnode()}), truncated_message);
        CHECK_ANSWER(invoke(bench.node, label, {0, slot, 0, 64, all_rights, 0, 0, 0}, {}), truncated_message);
    }
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Copy, Mint, Move, Mutate: a destination depth outside 1 to 64 is out of range") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Method& method : two_path_methods)
        for (const Word depth : {Word{0}, Word{65}, Word{128}, Word{1} << 32, ~Word{0}})
            CHECK_ANSWER(transfer(method, {bench.node, 3, depth}, {bench.node, 1, 3}), range_error, 1, 64);
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Copy, Mint, Move, Mutate: a destination that does not resolve says where it ended") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Method& method : two_path_methods) {
        const auto attempt = [&](const Path& to) { return transfer(method, to, {bench.node, 1, 3}); };
        CHECK_ANSWER(attempt({bench.node, 3, 2}), failed_lookup, 0, 3, 2, 3);       // too short
        CHECK_ANSWER(attempt({bench.node, 3 << 4, 7}), failed_lookup, 0, 3, 4, 0);  // left over at an empty slot
        CHECK_ANSWER(attempt({bench.node, 1 << 4, 7}), failed_lookup, 0, 3, 4, 0);  // and at one that holds no CNode
        CHECK_ANSWER(attempt({bench.guarded, 0b01'011, 5}), failed_lookup, 0, 4, 5, 0b10, 2);
        CHECK_ANSWER(attempt({bench.guarded, 0b10'011, 4}), failed_lookup, 0, 4, 4, 0b10, 2); // the guard comes first
        CHECK_ANSWER(attempt({bench.guarded, 0b10'01, 4}), failed_lookup, 0, 3, 4, 5);
        CHECK_ANSWER(attempt({bench.guarded, 0b10, 1}), failed_lookup, 0, 4, 1, 0b10, 2);
    }
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Copy, Mint, Move, Mutate: a destination that is taken is refused before the source is looked at") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Method& method : two_path_methods) {
        CHECK_ANSWER(transfer(method, {bench.node, 1, 3}, {bench.node, 0, 3}), delete_first);
        CHECK_ANSWER(transfer(method, {bench.node, 1, 3}, {bench.endpoint, 0, 3}), delete_first);
        CHECK_ANSWER(transfer(method, {bench.node, 1, 3}, {bench.node, 0, 99}), delete_first);
        CHECK_ANSWER(transfer(method, {bench.node, 1, 3}, {bench.node, 1, 3}), delete_first);
    }
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Copy, Mint, Move, Mutate: a source that does not resolve says so with source = 1") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_PLACE(empty);
    for (const Method& method : two_path_methods) {
        const auto attempt = [&](const Path& from) { return transfer(method, {bench.node, 4, 3}, from); };
        CHECK_ANSWER(attempt({bench.endpoint, 1, 3}), failed_lookup, 1, 1);
        CHECK_ANSWER(attempt({empty, 1, 3}), failed_lookup, 1, 1);
        CHECK_ANSWER(attempt({bench.endpoint, 1, 0}), failed_lookup, 1, 1); // the root is looked at before the depth
        for (const Word depth : {Word{0}, Word{65}, ~Word{0}})
            CHECK_ANSWER(attempt({bench.node, 1, depth}), range_error, 1, 64);
        CHECK_ANSWER(attempt({bench.node, 3, 2}), failed_lookup, 1, 3, 2, 3);
        CHECK_ANSWER(attempt({bench.node, 1 << 2, 5}), failed_lookup, 1, 3, 2, 0);
        CHECK_ANSWER(attempt({bench.guarded, 0b11'001, 5}), failed_lookup, 1, 4, 5, 0b10, 2);
    }
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Copy, Mint, Move, Mutate: an empty source is a missing capability at the source's depth") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_PLACE(empty);
    for (const Method& method : two_path_methods) {
        CHECK_ANSWER(transfer(method, {bench.node, 4, 3}, {bench.node, 0, 3}), failed_lookup, 1, 2, 3);
        CHECK_ANSWER(transfer(method, {bench.node, 4, 3}, {bench.guarded, 0b10'000, 5}), failed_lookup, 1, 2, 5);
        CHECK_ANSWER(transfer(method, {bench.node, 4, 3}, {own_cnode(), empty.number(), 64}), failed_lookup, 1, 2, 64);
        CHECK_ANSWER(transfer(method, {bench.node, 4, 3}, {bench.node, 4, 3}), failed_lookup, 1, 2, 3);
    }
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Revoke, Delete, CancelBadgedSends: paths are refused as everywhere") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Invocation method :
         {Invocation::cnode_revoke, Invocation::cnode_delete, Invocation::cnode_cancel_badged_sends}) {
        CHECK_ANSWER(invoke(bench.node, method, {}), truncated_message);
        CHECK_ANSWER(invoke(bench.node, method, {1}), truncated_message);
        for (const Word depth : {Word{0}, Word{65}, ~Word{0}})
            CHECK_ANSWER(invoke(bench.node, method, {1, depth}), range_error, 1, 64);
        CHECK_ANSWER(invoke(bench.node, method, {1, 2}), failed_lookup, 0, 3, 2, 3);
        CHECK_ANSWER(invoke(bench.node, method, {1 << 3, 6}), failed_lookup, 0, 3, 3, 0);
        CHECK_ANSWER(invoke(bench.guarded, method, {0b00'001, 5}), failed_lookup, 0, 4, 5, 0b10, 2);
    }
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Revoke and Delete of an empty slot succeed; CancelBadgedSends on it does not") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_DONE(invoke(bench.node, Invocation::cnode_revoke, {5, 3}));
    CHECK_DONE(invoke(bench.node, Invocation::cnode_delete, {5, 3}));
    CHECK_ANSWER(invoke(bench.node, Invocation::cnode_cancel_badged_sends, {5, 3}), illegal_operation);
    CHECK_DONE(invoke(bench.guarded, Invocation::cnode_delete, {0b10'001, 5})); // slot 1, by the other capability
    CHECK_DONE(invoke(bench.node, Invocation::cnode_delete, {1, 3}));
}

SYSTEM_TEST("a copy of a CNode capability resolves with its own guard only") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_OK(bench.guarded->at(0b10'110, 5).copy_from(bench.node->at(1, 3)));
    CHECK_REFUSED(bench.guarded->at(6, 3).remove(), abi::Error::failed_lookup);
    CHECK_OK(bench.node->at(6, 3).remove());
    CHECK(bench.is_unchanged());
}
