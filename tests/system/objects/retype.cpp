// SPDX-License-Identifier: BSD-2-Clause
// Untyped.Retype: what it refuses, in which order, and with which words.
#include <tests/system/lib/invoke.hpp>

using abi::Invocation;
using abi::ObjectType;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Word;

namespace {

constexpr Word no_such_depth = 65;

struct Request {
    Word type = static_cast<Word>(ObjectType::endpoint);
    Word size_bits = 0;
    Word node_index = 0;
    Word node_depth = 0;
    Word offset = 0;
    Word count = 1;
};

Answer retype(AnyCap untyped, const Request& with, AnyCap root = own_cnode()) {
    return invoke(untyped, Invocation::untyped_retype,
                  {with.type, with.size_bits, with.node_index, with.node_depth, with.offset, with.count}, {root});
}
Word number(ObjectType type) { return static_cast<Word>(type); }

/// A small untyped, and a CNode of 16 slots beside it.
struct Bench {
    static constexpr unsigned node_bits = 4;
    static constexpr Word slots = 1 << node_bits;
    Cap<sys::Untyped> untyped;
    Cap<sys::CNode> node;

    sys::Result<void> make(unsigned bits = 12) {
        untyped = TRY(test::make_untyped(bits));
        node = TRY(sys::make_object<sys::CNode>(test::space(), test::arena(), node_bits));
        return {};
    }
    /// Into `node`, which is given as the root itself.
    Answer retype(Request with) const { return ::retype(untyped, with, node); }
    bool is_filled(Word slot) const { return node->at(slot, node_bits).move_from(node->at(slot, node_bits)).is_ok(); }
    /// Nothing was made: the whole untyped can be made one object, and the slots are empty.
    bool is_untouched() const {
        for (Word slot = 0; slot < slots; ++slot) {
            const auto moved = node->at(slot, node_bits).move_from(node->at(slot, node_bits));
            if (moved || !(moved.error() == abi::Error::failed_lookup))
                return false; // a filled slot answers DeleteFirst
        }
        return true;
    }
};

} // namespace

SYSTEM_TEST("Retype: a type that does not exist is argument 0") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Word type : {Word{14}, Word{15}, Word{255}, Word{0x1'0000'0000}, Word{1} << 63, ~Word{0}})
        CHECK_ANSWER(bench.retype({.type = type}), invalid_argument, 0);
    CHECK(bench.is_untouched());
}

SYSTEM_TEST("Retype: a size of 64 bits or more is out of range for every type, also where it is ignored") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (Word type = 0; type < abi::object_type_count; ++type)
        for (const Word size : {Word{64}, Word{65}, Word{256}, Word{0x1'0000'0000}, ~Word{0}})
            CHECK_ANSWER(bench.retype({.type = type, .size_bits = size}), range_error, 0, 47);
    CHECK(bench.is_untouched());
}

SYSTEM_TEST("Retype: an object above 2^47 bytes is out of range") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Word size : {Word{48}, Word{63}}) {
        CHECK_ANSWER(bench.retype({.type = number(ObjectType::untyped), .size_bits = size}), range_error, 0, 47);
        CHECK_ANSWER(bench.retype({.type = number(ObjectType::sched_context), .size_bits = size}), range_error, 0, 47);
    }
    for (const Word size : {Word{43}, Word{47}, Word{63}}) // 2^size slots of 32 bytes
        CHECK_ANSWER(bench.retype({.type = number(ObjectType::cnode), .size_bits = size}), range_error, 0, 47);
    // The largest that are allowed are only too large for this untyped.
    CHECK_ANSWER(bench.retype({.type = number(ObjectType::untyped), .size_bits = 47}), not_enough_memory, 4096);
    CHECK_ANSWER(bench.retype({.type = number(ObjectType::cnode), .size_bits = 42}), not_enough_memory, 4096);
}

SYSTEM_TEST("Retype: sizes below 64 are ignored for objects of one size") {
    REQUIRE_VALUE(untyped, test::make_untyped(13));
    for (const ObjectType type : {ObjectType::tcb, ObjectType::endpoint, ObjectType::notification, ObjectType::reply,
                                  ObjectType::frame_4k, ObjectType::page_table, ObjectType::pml4}) {
        REQUIRE_PLACE(place);
        for (const Word size : {Word{1}, Word{47}, Word{48}, Word{63}}) {
            CHECK_DONE(retype(untyped, {.type = number(type), .size_bits = size, .offset = place.number()}));
            CHECK_OK(place.ref().remove());
        }
    }
}

SYSTEM_TEST("Retype: a CNode of 0 bits, an untyped below 4 and a scheduling context below 7 are argument 1") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_ANSWER(bench.retype({.type = number(ObjectType::cnode), .size_bits = 0}), invalid_argument, 1);
    for (Word size = 0; size < 4; ++size)
        CHECK_ANSWER(bench.retype({.type = number(ObjectType::untyped), .size_bits = size}), invalid_argument, 1);
    for (Word size = 0; size < 7; ++size)
        CHECK_ANSWER(bench.retype({.type = number(ObjectType::sched_context), .size_bits = size}), invalid_argument, 1);
    CHECK(bench.is_untouched());
    CHECK_DONE(bench.retype({.type = number(ObjectType::cnode), .size_bits = 1, .offset = 0}));
    CHECK_DONE(bench.retype({.type = number(ObjectType::untyped), .size_bits = 4, .offset = 1}));
    CHECK_DONE(bench.retype({.type = number(ObjectType::sched_context), .size_bits = 7, .offset = 2}));
}

SYSTEM_TEST("Retype: a root that is no CNode is an invalid root, or a missing capability if it is the node itself") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_PLACE(empty);
    for (const AnyCap root : {AnyCap(test::own_tcb()), AnyCap(bench.untyped), AnyCap(empty), AnyCap(Word{0})}) {
        CHECK_ANSWER(retype(bench.untyped, {.node_depth = 64}, root), failed_lookup, 0, 1);
        CHECK_ANSWER(retype(bench.untyped, {.node_depth = 1}, root), failed_lookup, 0, 1);
        CHECK_ANSWER(retype(bench.untyped, {.node_depth = no_such_depth}, root), failed_lookup, 0, 1);
        CHECK_ANSWER(retype(bench.untyped, {.node_depth = 0}, root), failed_lookup, 0, 2, 0);
    }
}

SYSTEM_TEST("Retype: a node depth above 64 is out of range") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Word depth : {Word{65}, Word{128}, Word{0x1'0000'0001}, ~Word{0}})
        CHECK_ANSWER(retype(bench.untyped, {.node_depth = depth}), range_error, 1, 64);
    CHECK(bench.is_untouched());
}

SYSTEM_TEST("Retype: a node that is empty or no CNode is a missing capability at its depth") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_PLACE(empty);
    const Answer none = retype(bench.untyped, {.node_index = empty.number(), .node_depth = 64});
    CHECK_ANSWER(none, failed_lookup, 0, 2, 64);
    const Answer no_node = retype(bench.untyped, {.node_index = bench.untyped->slot(), .node_depth = 64});
    CHECK_ANSWER(no_node, failed_lookup, 0, 2, 64);
    // From a CNode without guard, by its four bits.
    CHECK_ANSWER(retype(bench.untyped, {.node_index = 3, .node_depth = 4}, bench.node), failed_lookup, 0, 2, 4);
    CHECK(bench.is_untouched());
}

SYSTEM_TEST("Retype: a node path that does not resolve says where it ended") {
    Bench bench;
    REQUIRE_OK(bench.make());
    // The root CNode has a guard: 64 bits in all. Bits that are not 0 meet the guard, fewer bits do not cover it.
    const unsigned guard = 64 - static_cast<unsigned>(test::boot_info().cnode_bits);
    CHECK_ANSWER(retype(bench.untyped, {.node_index = Word{1} << 63, .node_depth = 64}), failed_lookup, 0, 4, 64, 0,
                 guard);
    CHECK_ANSWER(retype(bench.untyped, {.node_depth = guard - 1}), failed_lookup, 0, 4, guard - 1, 0, guard);
    CHECK_ANSWER(retype(bench.untyped, {.node_depth = guard}), failed_lookup, 0, 3, guard, 64);
    // A slot that holds no CNode, with bits left over.
    CHECK_ANSWER(retype(bench.untyped, {.node_index = 3 << 2, .node_depth = 6}, bench.node), failed_lookup, 0, 3, 2, 0);
    CHECK(bench.is_untouched());
}

SYSTEM_TEST("Retype: an offset outside the node is out of range") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Word offset : {Bench::slots, Bench::slots + 1, Word{1} << 32, Word{1} << 59, ~Word{0}})
        CHECK_ANSWER(bench.retype({.offset = offset}), range_error, 0, Bench::slots - 1);
    CHECK(bench.is_untouched());
}

SYSTEM_TEST("Retype: a count of none, or of more than 256, is out of range") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (const Word count : {Word{0}, Word{257}, Word{1} << 32, Word{1} << 60, ~Word{0}})
        CHECK_ANSWER(bench.retype({.count = count}), range_error, 1, 256);
    CHECK(bench.is_untouched());
}

SYSTEM_TEST("Retype: more objects than there are slots behind the offset are out of range") {
    Bench bench;
    REQUIRE_OK(bench.make());
    for (Word offset = 0; offset < Bench::slots; ++offset)
        CHECK_ANSWER(bench.retype({.offset = offset, .count = Bench::slots - offset + 1}), range_error, 1,
                     Bench::slots - offset);
    CHECK(bench.is_untouched());
    CHECK_DONE(bench.retype({.offset = 3, .count = Bench::slots - 3}));
}

SYSTEM_TEST("Retype: one taken slot in the window refuses all of it") {
    for (const Word taken : {Word{2}, Word{5}, Word{9}}) { // first, in the middle, last
        Bench bench;
        REQUIRE_OK(bench.make());
        REQUIRE_OK(bench.node->at(taken, Bench::node_bits).copy_from(test::space().at(abi::root_slot::tcb)));
        CHECK_ANSWER(bench.retype({.offset = 2, .count = 8}), delete_first);
        REQUIRE_OK(bench.node->at(taken, Bench::node_bits).remove());
        CHECK(bench.is_untouched());
        CHECK_DONE(bench.retype({.offset = 2, .count = 8}));
    }
}

SYSTEM_TEST("Retype: the window may not overlap the untyped's own slot") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_ANSWER(retype(bench.untyped, {.offset = bench.untyped->slot()}), delete_first);
    CHECK_ANSWER(retype(bench.untyped, {.offset = bench.untyped->slot() - 1, .count = 2}), delete_first);
}

SYSTEM_TEST("Retype: not enough memory says how many bytes are free, before alignment") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_ANSWER(bench.retype({.type = number(ObjectType::untyped), .size_bits = 13}), not_enough_memory, 4096);
    REQUIRE_DONE(bench.retype({.count = 3})); // endpoints: 48 bytes
    CHECK_ANSWER(bench.retype({.type = number(ObjectType::frame_4k), .offset = 8}), not_enough_memory, 4096 - 48);
    CHECK_ANSWER(bench.retype({.type = number(ObjectType::tcb), .offset = 8, .count = 2}), not_enough_memory,
                 4096 - 48);
    REQUIRE_DONE(bench.retype({.type = number(ObjectType::tcb), .offset = 8})); // at 2048: full
    CHECK_ANSWER(bench.retype({.offset = 9}), not_enough_memory, 0);
    CHECK(!bench.is_filled(9));
}

SYSTEM_TEST("Retype: count times size does not overflow") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_VALUE(wide, sys::make_object<sys::CNode>(test::space(), test::arena(), 8));
    for (const Word size : {Word{40}, Word{46}, Word{47}})
        CHECK_ANSWER(
            retype(bench.untyped, {.type = number(ObjectType::untyped), .size_bits = size, .count = 256}, wide),
            not_enough_memory, 4096);
    CHECK_ANSWER(retype(bench.untyped, {.type = number(ObjectType::frame_1g), .count = 256}, wide), not_enough_memory,
                 4096);
}

SYSTEM_TEST("Retype: of several mistakes the first in the order of the ABI is told") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_OK(bench.node->at(0, Bench::node_bits).copy_from(test::space().at(abi::root_slot::tcb)));
    Request wrong{.type = 14, .size_bits = 64, .node_index = 0, .node_depth = 65, .offset = 99, .count = 0};
    const auto attempt = [&](AnyCap root) { return retype(bench.untyped, wrong, root); };
    const AnyCap no_root = test::own_tcb();
    CHECK_ANSWER(invoke(bench.untyped, Invocation::untyped_retype, {14, 64, 0, 65, 99}, {no_root}), truncated_message);
    CHECK_ANSWER(invoke(bench.untyped, Invocation::untyped_retype, {14, 64, 0, 65, 99, 0}), truncated_message);
    CHECK_ANSWER(attempt(no_root), invalid_argument, 0);
    wrong.type = number(ObjectType::cnode);
    CHECK_ANSWER(attempt(no_root), range_error, 0, 47);
    wrong.size_bits = 0;
    CHECK_ANSWER(attempt(no_root), invalid_argument, 1);
    wrong.size_bits = 30;
    CHECK_ANSWER(attempt(no_root), failed_lookup, 0, 1);
    CHECK_ANSWER(attempt(bench.node), range_error, 1, 64); // depth
    wrong.node_depth = 0;
    CHECK_ANSWER(attempt(bench.node), range_error, 0, 15); // offset
    wrong.offset = 0;
    CHECK_ANSWER(attempt(bench.node), range_error, 1, 256); // count
    wrong.count = 17;
    CHECK_ANSWER(attempt(bench.node), range_error, 1, 16); // window
    wrong.count = 16;
    CHECK_ANSWER(attempt(bench.node), delete_first);
    wrong.offset = 1;
    wrong.count = 1;
    CHECK_ANSWER(attempt(bench.node), not_enough_memory, 4096);
    wrong.size_bits = 1;
    CHECK_DONE(attempt(bench.node));
}

SYSTEM_TEST("Retype: by Send and NBSend it happens and nothing is told") {
    Bench bench;
    REQUIRE_OK(bench.make());
    const auto send = [&](abi::Syscall by, Word type, Word offset) {
        test::invoke_silently(by, bench.untyped, Invocation::untyped_retype, {type, 0, 0, 0, offset, 1}, {bench.node});
    };
    send(abi::Syscall::send, number(ObjectType::endpoint), 1);
    CHECK_ANSWER(bench.retype({.offset = 1}), delete_first);
    send(abi::Syscall::nb_send, number(ObjectType::endpoint), 2);
    CHECK_ANSWER(bench.retype({.offset = 2}), delete_first);
    send(abi::Syscall::send, 99, 3);
    send(abi::Syscall::nb_send, 99, 3);
    CHECK_DONE(bench.retype({.offset = 3}));
}
