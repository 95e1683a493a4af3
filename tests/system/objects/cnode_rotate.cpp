// SPDX-License-Identifier: BSD-2-Clause
// CNode.Rotate: source goes to pivot, pivot goes to destination.
#include <tests/system/lib/invoke.hpp>

using abi::Invocation;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Word;

namespace {

struct Place3 {
    Word index;
    Word depth = 3;
};

/// A CNode of 8 slots: slot 1 holds a frame, slot 2 another one, the others are empty.
struct Bench {
    Cap<sys::CNode> node;
    Cap<sys::Untyped> memory;
    Word address[2] = {};

    sys::Result<void> make() {
        node = TRY(sys::make_object<sys::CNode>(test::space(), test::arena(), 3));
        memory = TRY(test::make_untyped(13));
        for (Word i = 0; i < 2; ++i) {
            Cap<sys::Frame> frame = TRY(sys::make_object<sys::Frame>(test::space(), memory));
            address[i] = TRY(frame->physical_address());
            TRY(node->at(1 + i, 3).move_from(frame.ref()));
        }
        return {};
    }
    Answer rotate(Place3 to, Place3 pivot, Place3 from, Word to_data = 0, Word pivot_data = 0) const {
        return invoke(node, Invocation::cnode_rotate,
                      {to.index, to.depth, to_data, pivot.index, pivot.depth, pivot_data, from.index, from.depth},
                      {node, node});
    }
    /// The physical address of the frame in a slot; 0 if there is none.
    Word frame_in(Word slot) const {
        auto copy = test::Place::take();
        if (!copy || !copy->ref().copy_from(node->at(slot, 3)))
            return 0;
        return sys::Frame(copy->number()).physical_address().value_or(0);
    }
    bool is_unchanged() const {
        for (Word slot = 0; slot < 8; ++slot) {
            const Word expected = slot == 1 ? address[0] : slot == 2 ? address[1] : 0;
            if (frame_in(slot) != expected)
                return false;
        }
        return true;
    }
};

} // namespace

SYSTEM_TEST("Rotate: source goes to pivot and pivot to destination") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_DONE(bench.rotate({5}, {2}, {1}));
    CHECK_EQUAL(bench.frame_in(5), bench.address[1]);
    CHECK_EQUAL(bench.frame_in(2), bench.address[0]);
    CHECK_EQUAL(bench.frame_in(1), 0);
}

SYSTEM_TEST("Rotate: with destination = source it is a swap") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_DONE(bench.rotate({1}, {2}, {1}));
    CHECK_EQUAL(bench.frame_in(1), bench.address[1]);
    CHECK_EQUAL(bench.frame_in(2), bench.address[0]);
    CHECK_DONE(bench.rotate({2}, {1}, {2}));
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Rotate: with pivot = source or pivot = destination it is refused") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_ANSWER(bench.rotate({5}, {1}, {1}), illegal_operation);
    CHECK_ANSWER(bench.rotate({1}, {1}, {2}), illegal_operation);
    CHECK_ANSWER(bench.rotate({1}, {1}, {1}), illegal_operation);
    CHECK_ANSWER(bench.rotate({5}, {5}, {1}), illegal_operation); // before what is in them is looked at
    CHECK_ANSWER(bench.rotate({5}, {6}, {6}), illegal_operation);
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Rotate: a destination that is taken is refused unless it is the source") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_OK(bench.node->at(7, 3).copy_from(test::space().at(abi::root_slot::tcb)));
    CHECK_ANSWER(bench.rotate({7}, {2}, {1}), delete_first);
    CHECK_ANSWER(bench.rotate({7}, {2}, {6}), delete_first); // before the empty source
    CHECK_ANSWER(bench.rotate({7}, {6}, {1}), delete_first); // and the empty pivot
    REQUIRE_OK(bench.node->at(7, 3).remove());
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Rotate: an empty source says source = 1 with its depth, an empty pivot source = 0 with its own") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_ANSWER(bench.rotate({5}, {2}, {6}), failed_lookup, 1, 2, 3);
    CHECK_ANSWER(bench.rotate({5}, {6}, {1}), failed_lookup, 0, 2, 3);
    CHECK_ANSWER(bench.rotate({5}, {6}, {7}), failed_lookup, 1, 2, 3); // the source comes first
    CHECK_ANSWER(bench.rotate({5}, {2}, {5}), failed_lookup, 1, 2, 3); // a swap of nothing
    // Depths differ: the pivot is named through the root task's CNode.
    REQUIRE_PLACE(empty);
    CHECK_ANSWER(
        invoke(bench.node, Invocation::cnode_rotate, {5, 3, 0, empty.number(), 64, 0, 1, 3}, {own_cnode(), bench.node}),
        failed_lookup, 0, 2, 64);
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Rotate: lookups that fail say source = 0 for the destination and 1 for pivot and source") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_ANSWER(bench.rotate({5, 0}, {2}, {1}), range_error, 1, 64);
    CHECK_ANSWER(bench.rotate({5, 65}, {2}, {1}), range_error, 1, 64);
    CHECK_ANSWER(bench.rotate({5}, {2, 0}, {1}), range_error, 1, 64);
    CHECK_ANSWER(bench.rotate({5}, {2}, {1, 65}), range_error, 1, 64);
    CHECK_ANSWER(bench.rotate({5, 2}, {2}, {1}), failed_lookup, 0, 3, 2, 3);
    CHECK_ANSWER(bench.rotate({5}, {2, 2}, {1}), failed_lookup, 1, 3, 2, 3);
    CHECK_ANSWER(bench.rotate({5}, {2}, {1, 2}), failed_lookup, 1, 3, 2, 3);
    const auto with_roots = [&](AnyCap pivot, AnyCap source) {
        return invoke(bench.node, Invocation::cnode_rotate, {5, 3, 0, 2, 3, 0, 1, 3}, {pivot, source});
    };
    CHECK_ANSWER(with_roots(test::own_tcb(), bench.node), failed_lookup, 1, 1);
    CHECK_ANSWER(with_roots(bench.node, test::own_tcb()), failed_lookup, 1, 1);
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Rotate: needs eight words and two capabilities") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_ANSWER(invoke(bench.node, Invocation::cnode_rotate, {5, 3, 0, 2, 3, 0, 1}, {bench.node, bench.node}),
                 truncated_message);
    CHECK_ANSWER(invoke(bench.node, Invocation::cnode_rotate, {5, 3, 0, 2, 3, 0, 1, 3}, {bench.node}),
                 truncated_message);
    CHECK_ANSWER(invoke(bench.node, Invocation::cnode_rotate, {5, 0, 0, 2, 0, 0, 1, 0}, {}), truncated_message);
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Rotate: sets the guards of both CNode capabilities that it moves, and checks both first") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_VALUE(inner, sys::make_object<sys::CNode>(test::space(), test::arena(), 4));
    REQUIRE_OK(bench.node->at(3, 3).copy_from(inner.ref()));
    REQUIRE_OK(bench.node->at(4, 3).copy_from(inner.ref()));
    const Word too_long = abi::CNodeData(0, 61).raw(); // 61 + 4 bits
    CHECK_ANSWER(bench.rotate({5}, {4}, {3}, too_long, 0), illegal_operation);
    CHECK_ANSWER(bench.rotate({5}, {4}, {3}, 0, too_long), illegal_operation);
    CHECK_DONE(bench.rotate({5}, {4}, {3}, abi::CNodeData(0b11, 2).raw(), abi::CNodeData(0b001, 3).raw()));
    REQUIRE_OK(inner->at(9, 4).copy_from(test::space().at(abi::root_slot::tcb)));
    CHECK_OK(bench.node->at(5 << 6 | 0b11'1001, 9).revoke());   // what was pivot
    CHECK_OK(bench.node->at(4 << 7 | 0b001'1001, 10).revoke()); // what was source
    CHECK_REFUSED(bench.node->at(5 << 6 | 0b10'1001, 9).revoke(), abi::Error::failed_lookup);
    CHECK_DONE(bench.rotate({3}, {4}, {5})); // datum 0: no guard
    CHECK_OK(bench.node->at(3 << 4 | 9, 7).revoke());
}

SYSTEM_TEST("Rotate: does not move endpoints and notifications, even with datum 0") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    for (const sys::SlotRef& which : {endpoint.ref(), notification.ref()}) {
        REQUIRE_OK(bench.node->at(3, 3).copy_from(which));
        CHECK_ANSWER(bench.rotate({5}, {3}, {1}), illegal_operation);
        CHECK_ANSWER(bench.rotate({5}, {1}, {3}), illegal_operation);
        CHECK_ANSWER(bench.rotate({1}, {3}, {1}), illegal_operation);
        REQUIRE_OK(bench.node->at(3, 3).remove());
    }
    CHECK(bench.is_unchanged());
}

SYSTEM_TEST("Rotate: other types ignore the data, and keep what they are") {
    Bench bench;
    REQUIRE_OK(bench.make());
    CHECK_DONE(bench.rotate({6}, {2}, {1}, ~Word{0}, 0x1234));
    CHECK_EQUAL(bench.frame_in(6), bench.address[1]);
    CHECK_EQUAL(bench.frame_in(2), bench.address[0]);
}

SYSTEM_TEST("Rotate: a mapped frame keeps its mapping, and its place among its untyped's descendants") {
    Bench bench;
    REQUIRE_OK(bench.make());
    REQUIRE_PLACE(frame);
    REQUIRE_PLACE(pivot);
    REQUIRE_PLACE(other);
    REQUIRE_OK(frame.ref().move_from(bench.node->at(1, 3)));
    REQUIRE_OK(pivot.ref().move_from(bench.node->at(2, 3)));
    const Word page = test::take_window_page();
    REQUIRE_OK(sys::Frame(frame.number()).map(test::own_space(), page, sys::PageAccess::read_write()));
    *reinterpret_cast<volatile Word*>(page) = 77;
    REQUIRE_OK(other.ref().rotate_from(pivot.ref(), frame.ref()));
    CHECK_EQUAL(*reinterpret_cast<volatile Word*>(page), 77);
    // At another address it would be refused: it is the same mapping.
    CHECK_REFUSED(
        sys::Frame(pivot.number()).map(test::own_space(), page + test::page_size, sys::PageAccess::read_write()),
        abi::Error::invalid_argument, 0);
    CHECK_OK(sys::Frame(pivot.number()).unmap());
    test::release_window_page(page);
    REQUIRE_OK(bench.memory.ref().revoke());
    CHECK(test::is_empty(pivot.number()) && test::is_empty(other.number()));
}
