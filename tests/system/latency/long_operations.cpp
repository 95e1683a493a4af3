// SPDX-License-Identifier: BSD-2-Clause
// Operations that are as long as there is much: each lets interrupts in on its way, and comes to its end.
#include <sys/cap/asid.hpp>
#include <tests/system/latency/stretch.hpp>

using abi::ObjectType;
using test::Place;
using test::Word;

namespace {

constexpr Word fan_out = 256;

/// Makes objects of one kind in all slots of a CNode.
sys::Result<void> fill(sys::CNode node, sys::Untyped memory, ObjectType type, Word slots) {
    for (Word first = 0; first < slots; first += fan_out)
        TRY(memory.retype(type, 0, sys::SlotRef{node, 0, 0}, first, fan_out));
    return {};
}

/// A CNode of two slots that holds another one, `depth` in all.
sys::Result<void> nest(sys::Untyped memory, sys::SlotRef outermost, unsigned depth) {
    const Place inner = TRY(Place::take());
    const Place outer = TRY(Place::take());
    TRY(memory.retype_into(ObjectType::cnode, 1, test::own_cnode(), inner.number()));
    for (unsigned i = 1; i < depth; ++i) {
        TRY(memory.retype_into(ObjectType::cnode, 1, test::own_cnode(), outer.number()));
        TRY(sys::CNode(outer.number()).at(0, 1).move_from(inner.ref()));
        TRY(inner.ref().move_from(outer.ref()));
    }
    return outermost.move_from(inner.ref());
}

/// 256 new objects in a CNode of their own, and their end.
void check_fan_out(sys::Untyped memory, ObjectType type, unsigned size_bits, const char* what) {
    REQUIRE_VALUE(nodes, test::make_untyped(14, memory));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), nodes, 8));
    REQUIRE_VALUE(objects, test::make_untyped(22, memory));
    const sys::SlotRef all{node, 0, 0};
    test::check_stretch([&] { CHECK_OK(objects->retype(type, size_bits, all, 0, fan_out)); }, TEST_WHERE(what));
    test::check_stretch([&] { CHECK_OK(objects.ref().revoke()); }, TEST_WHERE(what));
}

} // namespace

SYSTEM_TEST("a million capabilities are made, and revoked") {
    constexpr unsigned bits = 20;
    REQUIRE_VALUE(memory, test::take_ram(bits + 6));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, bits));
    REQUIRE_VALUE(objects, test::make_untyped(bits + 4, memory));
    CHECK_STRETCH(CHECK_OK(fill(node, objects, ObjectType::endpoint, Word{1} << bits)));
    CHECK_STRETCH(CHECK_OK(objects.ref().revoke()));
    CHECK_OK(objects->retype_into(ObjectType::endpoint, 0, node, 0));
}

SYSTEM_TEST("sixty thousand objects go with their CNode") {
    constexpr unsigned bits = 16;
    REQUIRE_VALUE(memory, test::take_ram(bits + 6));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, bits));
    REQUIRE_VALUE(objects, test::make_untyped(bits + 4, memory));
    REQUIRE_OK(fill(node, objects, ObjectType::endpoint, Word{1} << bits));
    CHECK_STRETCH(CHECK_OK(node.ref().remove()));
    CHECK(test::is_empty(node->slot()));
}

SYSTEM_TEST("a chain of 64 CNodes, each held by the one before only, is deleted from its start") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_PLACE(place);
    REQUIRE_OK(nest(memory, place.ref(), 64));
    CHECK_STRETCH(CHECK_OK(place.ref().remove()));
    CHECK(test::is_empty(place.number()));
    CHECK_OK(test::make_untyped(14, memory)); // nothing is left of it
}

SYSTEM_TEST("a frame of 1 GiB is cleared, and its memory cleared again for another") {
    REQUIRE_VALUE(memory, test::take_ram(30));
    REQUIRE_VALUE(threads, test::make_untyped(14));
    for (unsigned round = 0; round < 2; ++round) {
        REQUIRE_PLACE(frame);
        CHECK_STRETCH(CHECK_OK(memory->retype_into(ObjectType::frame_1g, 0, test::own_cnode(), frame.number())));
    }
}

SYSTEM_TEST("256 objects of each kind are made at once, and revoked") {
    REQUIRE_VALUE(memory, test::take_ram(24));
    check_fan_out(memory, ObjectType::untyped, 12, "256 untyped");
    check_fan_out(memory, ObjectType::tcb, 0, "256 TCBs");
    check_fan_out(memory, ObjectType::endpoint, 0, "256 endpoints");
    check_fan_out(memory, ObjectType::notification, 0, "256 notifications");
    check_fan_out(memory, ObjectType::cnode, 6, "256 CNodes");
    check_fan_out(memory, ObjectType::sched_context, 9, "256 scheduling contexts");
    check_fan_out(memory, ObjectType::reply, 0, "256 reply objects");
    check_fan_out(memory, ObjectType::frame_4k, 0, "256 frames");
    check_fan_out(memory, ObjectType::page_table, 0, "256 page tables");
    check_fan_out(memory, ObjectType::pml4, 0, "256 PML4s");
}

SYSTEM_TEST("all I/O ports are issued in one range, and given back") {
    // The suite has one of them: the rest is two ranges.
    constexpr Word debug_exit = 0xf4;
    const sys::IoPortControl control(abi::root_slot::io_port_control);
    REQUIRE_PLACE(low);
    REQUIRE_PLACE(high);
    REQUIRE_OK(control.issue(0, debug_exit - 1, low.ref()));
    CHECK_STRETCH(CHECK_OK(control.issue(debug_exit + 1, 0xffff, high.ref())));
    CHECK_STRETCH(CHECK_REFUSED(control.issue(0, 0xffff, low.ref()), abi::Error::revoke_first));
    CHECK_STRETCH(CHECK_OK(high.ref().remove()));
}

SYSTEM_TEST("an ASID pool with 511 address spaces is deleted") {
    REQUIRE_VALUE(memory, test::take_ram(23));
    REQUIRE_VALUE(nodes, test::make_untyped(14));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), nodes, 9));
    REQUIRE_VALUE(page, test::make_untyped(12));
    REQUIRE_PLACE(pool);
    REQUIRE_PLACE(table);
    const sys::AsidControl control(abi::root_slot::asid_control);
    CHECK_STRETCH(CHECK_OK(control.make_pool(page, pool.ref())));
    REQUIRE_OK(fill(node, memory, ObjectType::pml4, 512));
    for (Word i = 0; i < 512; ++i) {
        REQUIRE_OK(table.ref().move_from(node->at(i, 9)));
        const auto assigned = sys::AsidPool(pool.number()).assign(sys::VSpace(table.number()));
        REQUIRE_OK(node->at(i, 9).move_from(table.ref()));
        if (i < 511)
            REQUIRE_OK(assigned);
    }
    CHECK_STRETCH(CHECK_OK(pool.ref().remove()));
}
