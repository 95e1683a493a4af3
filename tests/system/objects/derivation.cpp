// SPDX-License-Identifier: BSD-2-Clause
// Copies and their ancestors: what may be copied, what a copy may do, what Revoke takes.
#include <sys/cap/asid.hpp>
#include <sys/cap/irq.hpp>
#include <tests/system/lib/invoke.hpp>

using abi::Invocation;
using sys::Badge;
using sys::Rights;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Word;

namespace {

/// Copies a capability of the root task's into a place and says how it went.
sys::Result<void> copy_to(const test::Place& place, AnyCap source, Rights rights = Rights::all()) {
    return place.ref().copy_from(test::space().at(source.slot), rights);
}
sys::Result<void> mint_to(const test::Place& place, AnyCap source, Word datum) {
    return place.ref().mint_from(test::space().at(source.slot), Rights::all(), datum);
}

/// Whether sending through it is allowed: a signal or a message to nobody.
bool can_write(AnyCap cap) {
    sys::raw::Registers registers{cap.slot, abi::MessageInfo(0, 0).raw()};
    sys::raw::enter(abi::Syscall::call, registers); // refused, or a signal that is answered at once
    return abi::MessageInfo(registers.info).label() == 0;
}

} // namespace

SYSTEM_TEST("Copy: endpoint, notification, TCB, CNode, reply, scheduling context and the controls copy freely") {
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), test::arena()));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_VALUE(cnode, sys::make_object<sys::CNode>(test::space(), test::arena(), 2));
    REQUIRE_VALUE(context, sys::make_object<sys::SchedContext>(test::space(), test::arena(), 8));
    const AnyCap all[] = {endpoint,
                          notification,
                          reply,
                          tcb,
                          cnode,
                          context,
                          test::sched_control(),
                          abi::root_slot::domain_set,
                          abi::root_slot::asid_control,
                          abi::root_slot::asid_pool};
    for (const AnyCap& cap : all) {
        REQUIRE_PLACE(first);
        REQUIRE_PLACE(second);
        CHECK_OK(copy_to(first, cap));
        CHECK_OK(copy_to(second, first)); // and so do copies
    }
}

SYSTEM_TEST("Copy: an interrupt handler and an I/O port range copy freely") {
    REQUIRE_PLACE(handler);
    REQUIRE_PLACE(ports);
    REQUIRE_OK(sys::IrqControl(abi::root_slot::irq_control).get_msi(handler.ref(), {}, 0, 100));
    REQUIRE_OK(sys::IoPortControl(abi::root_slot::io_port_control).issue(0x80, 0x80, ports.ref()));
    REQUIRE_PLACE(first);
    REQUIRE_PLACE(second);
    CHECK_OK(copy_to(first, handler));
    CHECK_OK(copy_to(second, ports));
    // A copy of the last capability keeps the object: the vector and the port are not free.
    CHECK_OK(handler.ref().remove());
    CHECK_OK(ports.ref().remove());
    REQUIRE_PLACE(again);
    CHECK_REFUSED(sys::IrqControl(abi::root_slot::irq_control).get_msi(again.ref(), {}, 0, 100),
                  abi::Error::revoke_first);
    CHECK_REFUSED(sys::IoPortControl(abi::root_slot::io_port_control).issue(0x80, 0x80, again.ref()),
                  abi::Error::revoke_first);
    CHECK_OK(sys::IoPorts(second.number()).out8(0x80, 0));
}

SYSTEM_TEST("Copy: IRQControl, IOPortControl, unmapped tables and a PML4 without ASID are not copied") {
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), test::arena()));
    REQUIRE_VALUE(directory, sys::make_object<sys::PageDirectory>(test::space(), test::arena()));
    REQUIRE_VALUE(pdpt, sys::make_object<sys::Pdpt>(test::space(), test::arena()));
    REQUIRE_VALUE(space, sys::make_object<sys::VSpace>(test::space(), test::arena()));
    REQUIRE_PLACE(place);
    for (const AnyCap& cap : {AnyCap(abi::root_slot::irq_control), AnyCap(abi::root_slot::io_port_control),
                              AnyCap(table), AnyCap(directory), AnyCap(pdpt), AnyCap(space)}) {
        CHECK_REFUSED(copy_to(place, cap), abi::Error::illegal_operation);
        CHECK_REFUSED(mint_to(place, cap, 0), abi::Error::illegal_operation);
    }
    REQUIRE_OK(sys::AsidPool(abi::root_slot::asid_pool).assign(space));
    CHECK_OK(copy_to(place, space));
}

SYSTEM_TEST("Copy: a copied frame capability is not mapped, a copied table capability is") {
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    const Word page = test::take_window_page();
    REQUIRE_OK(frame->map(test::own_space(), page, sys::PageAccess::read_write()));
    REQUIRE_PLACE(copy);
    REQUIRE_OK(copy_to(copy, frame));
    // It may be mapped elsewhere, which a mapped one may not.
    const Word other = test::take_window_page();
    CHECK_REFUSED(frame->map(test::own_space(), other, sys::PageAccess::read_write()), abi::Error::invalid_argument, 0);
    CHECK_OK(sys::Frame(copy.number()).map(test::own_space(), other, sys::PageAccess::read_write()));
    *reinterpret_cast<volatile Word*>(page) = 4711;
    CHECK_EQUAL(*reinterpret_cast<volatile Word*>(other), 4711);
    CHECK_OK(copy.ref().remove());
    CHECK_EQUAL(*reinterpret_cast<volatile Word*>(page), 4711);
    test::release_window_page(other);
    test::release_window_page(page);
    frame.reset();

    REQUIRE_VALUE(directory, sys::make_object<sys::PageDirectory>(test::space(), test::arena()));
    REQUIRE_OK(directory->map(test::own_space(), Word{7} << 30));
    REQUIRE_PLACE(table_copy);
    REQUIRE_OK(copy_to(table_copy, directory));
    CHECK_ANSWER(invoke(table_copy, Invocation::page_directory_map, {Word{8} << 30, 0}, {test::own_space()}),
                 invalid_capability, 0);
}

SYSTEM_TEST("rights only shrink: what a copy lost no further copy has") {
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    for (Word mask = 0; mask < 16; ++mask) {
        REQUIRE_PLACE(copy);
        REQUIRE_PLACE(greedy);
        REQUIRE_OK(copy_to(copy, notification, Rights(mask)));
        REQUIRE_OK(copy_to(greedy, copy, Rights::all()));
        for (const test::Place* which : {&copy, &greedy}) {
            CHECK_EQUAL(can_write(*which), (mask & 1) != 0);
            // Reading is what binding asks for.
            const auto bound = tcb->bind_notification(sys::Notification(which->number()));
            CHECK_EQUAL(bound.is_ok(), (mask & 2) != 0);
            if (bound)
                CHECK_OK(tcb->unbind_notification());
        }
    }
    // Further bits of the rights word mean nothing.
    REQUIRE_PLACE(copy);
    CHECK_DONE(invoke(own_cnode(), Invocation::cnode_copy, {copy.number(), 64, notification->slot(), 64, ~Word{0}},
                      {own_cnode()}));
    CHECK(can_write(copy));
}

SYSTEM_TEST("rights of an endpoint: write to send; write and grant or grant-reply to be a fault handler") {
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    for (Word mask = 0; mask < 16; ++mask) {
        REQUIRE_PLACE(copy);
        REQUIRE_OK(copy_to(copy, endpoint, Rights(mask)));
        const bool usable = (mask & 1) != 0 && (mask & 12) != 0;
        const test::Answer answer = invoke(tcb, Invocation::tcb_set_timeout_endpoint, {}, {copy});
        CHECK(usable ? CHECK_DONE(answer) : CHECK_ANSWER(answer, invalid_capability, 1));
        if ((mask & 1) == 0) // else it would wait for a receiver
            CHECK_ANSWER(invoke(copy, Word{7}), invalid_capability, 0);
        const test::Answer cancel = invoke(own_cnode(), Invocation::cnode_cancel_badged_sends, {copy.number(), 64});
        CHECK(mask == 15 ? CHECK_DONE(cancel) : CHECK_ANSWER(cancel, illegal_operation));
    }
}

SYSTEM_TEST("rights mean nothing to capabilities that are no endpoint, notification, reply or frame") {
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_VALUE(context, sys::make_object<sys::SchedContext>(test::space(), test::arena(), 8));
    REQUIRE_VALUE(cnode, sys::make_object<sys::CNode>(test::space(), test::arena(), 2));
    REQUIRE_VALUE(untyped, test::make_untyped(12));
    REQUIRE_PLACE(copy);
    CHECK_OK(copy_to(copy, tcb, Rights::none()));
    CHECK_OK(sys::Tcb(copy.number()).suspend());
    CHECK_OK(copy.ref().remove());
    CHECK_OK(copy_to(copy, context, Rights::none()));
    CHECK_OK(sys::SchedContext(copy.number()).consumed());
    CHECK_OK(copy.ref().remove());
    CHECK_OK(copy_to(copy, cnode, Rights::none()));
    CHECK_OK(sys::CNode(copy.number()).at(1, 2).copy_from(tcb.ref()));
    CHECK_OK(copy.ref().remove());
    CHECK_OK(copy_to(copy, untyped, Rights::none()));
    CHECK_OK(sys::make_object<sys::Endpoint>(test::space(), sys::Untyped(copy.number())));
}

SYSTEM_TEST("Mint: a badge is given once, by Mint; then nothing but a plain copy is possible") {
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    for (const AnyCap& original : {AnyCap(endpoint), AnyCap(notification)}) {
        REQUIRE_PLACE(unbadged);
        CHECK_OK(mint_to(unbadged, original, 0)); // badge 0 is none
        REQUIRE_PLACE(badged);
        CHECK_OK(mint_to(badged, unbadged, 0xffff'ffff'ffff'ffff)); // all 64 bits
        REQUIRE_PLACE(again);
        for (const Word datum : {Word{0}, Word{1}, ~Word{0}})
            CHECK_REFUSED(mint_to(again, badged, datum), abi::Error::illegal_operation);
        CHECK_OK(copy_to(again, badged));
        REQUIRE_PLACE(moved);
        CHECK_OK(moved.ref().move_from(again.ref()));
        for (const test::Place* which : {&unbadged, &badged, &moved})
            for (const Word datum : {Word{0}, Word{5}})
                CHECK_REFUSED(again.ref().mutate_from(which->ref(), datum), abi::Error::illegal_operation);
    }
}

SYSTEM_TEST("Mint and Mutate: on a CNode the datum is the guard, 0 is no guard, and 64 bits are the most") {
    REQUIRE_VALUE(cnode, sys::make_object<sys::CNode>(test::space(), test::arena(), 4));
    REQUIRE_OK(cnode->at(5, 4).copy_from(test::space().at(abi::root_slot::tcb)));
    REQUIRE_PLACE(guarded);
    REQUIRE_PLACE(other);
    for (unsigned size = 0; size < 64; ++size) {
        const bool fits = size + 4 <= 64;
        const auto minted = mint_to(guarded, cnode, abi::CNodeData(0, size).raw());
        CHECK_EQUAL(minted.is_ok(), fits);
        if (!fits) {
            CHECK(minted.error() == abi::Error::illegal_operation);
            CHECK_REFUSED(other.ref().mutate_from(cnode.ref(), abi::CNodeData(0, size).raw()),
                          abi::Error::illegal_operation);
            continue;
        }
        CHECK_OK(sys::CNode(guarded.number()).at(5, size + 4).revoke());
        CHECK_OK(other.ref().mutate_from(guarded.ref(), abi::CNodeData(0, size).raw()));
        CHECK_OK(sys::CNode(other.number()).at(5, size + 4).revoke());
        CHECK_OK(other.ref().remove());
    }
    REQUIRE_OK(mint_to(guarded, cnode, abi::CNodeData(0x2a, 6).raw()));
    CHECK_OK(sys::CNode(guarded.number()).at(0x2a << 4 | 5, 10).revoke());
    REQUIRE_OK(other.ref().move_from(guarded.ref())); // Move keeps the guard
    CHECK_OK(sys::CNode(other.number()).at(0x2a << 4 | 5, 10).revoke());
    REQUIRE_OK(guarded.ref().copy_from(other.ref())); // and so does Copy
    CHECK_OK(sys::CNode(guarded.number()).at(0x2a << 4 | 5, 10).revoke());
    REQUIRE_OK(guarded.ref().remove());
    REQUIRE_OK(guarded.ref().mutate_from(other.ref(), 0)); // Mutate with 0 takes it away
    CHECK_OK(sys::CNode(guarded.number()).at(5, 4).revoke());
    CHECK_OK(mint_to(other, guarded, 0));
    CHECK_OK(sys::CNode(other.number()).at(5, 4).revoke());
}

SYSTEM_TEST("Mint and Mutate: other types ignore the datum") {
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), test::arena()));
    for (const AnyCap& cap : {AnyCap(tcb), AnyCap(frame), AnyCap(reply)}) {
        REQUIRE_PLACE(copy);
        REQUIRE_PLACE(moved);
        CHECK_OK(mint_to(copy, cap, ~Word{0}));
        CHECK_OK(moved.ref().mutate_from(copy.ref(), ~Word{0}));
    }
    REQUIRE_OK(frame->physical_address());
}

SYSTEM_TEST("Move: the capability is at its new place, and no longer at the old one") {
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_PLACE(place);
    const Word old = tcb->slot();
    CHECK_OK(place.ref().move_from(tcb.ref()));
    CHECK(test::is_empty(old));
    CHECK_OK(sys::Tcb(place.number()).suspend());
    CHECK_ANSWER(invoke(old, Invocation::tcb_suspend), invalid_capability, 0);
    CHECK_OK(tcb.ref().move_from(place.ref()));
    CHECK_OK(tcb->suspend());
}

SYSTEM_TEST("Revoke: the capability from Retype is an ancestor of all copies; a plain copy is nobody's") {
    REQUIRE_VALUE(original, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_PLACE(first);
    REQUIRE_PLACE(second);
    REQUIRE_OK(copy_to(first, original));
    REQUIRE_OK(copy_to(second, first));
    REQUIRE_OK(first.ref().revoke());
    CHECK(!test::is_empty(second.number()));
    REQUIRE_OK(second.ref().revoke());
    CHECK(!test::is_empty(first.number()));
    REQUIRE_OK(original.ref().revoke());
    CHECK(test::is_empty(first.number()) && test::is_empty(second.number()));
    CHECK_OK(original->suspend());
}

SYSTEM_TEST("Revoke: a badged capability is an ancestor of what is copied from it") {
    REQUIRE_VALUE(original, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_PLACE(badged);
    REQUIRE_PLACE(copy);
    REQUIRE_PLACE(sibling);
    REQUIRE_OK(mint_to(badged, original, 5));
    REQUIRE_OK(mint_to(sibling, original, 5)); // the same number, but not from it
    REQUIRE_OK(copy_to(copy, badged));
    REQUIRE_OK(copy.ref().revoke());
    CHECK(!test::is_empty(badged.number()));
    REQUIRE_OK(badged.ref().revoke());
    CHECK(test::is_empty(copy.number()));
    CHECK(!test::is_empty(sibling.number()) && !test::is_empty(badged.number()));
    REQUIRE_OK(copy_to(copy, badged));
    REQUIRE_OK(original.ref().revoke());
    CHECK(test::is_empty(badged.number()) && test::is_empty(sibling.number()) && test::is_empty(copy.number()));
}

SYSTEM_TEST("Revoke: what was moved is still a descendant") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_PLACE(endpoint);
    REQUIRE_OK(memory->retype_into(abi::ObjectType::endpoint, 0, own_cnode(), endpoint.number()));
    REQUIRE_PLACE(moved);
    REQUIRE_PLACE(badged);
    REQUIRE_OK(mint_to(badged, endpoint, 3));
    REQUIRE_OK(moved.ref().move_from(badged.ref()));
    REQUIRE_OK(badged.ref().move_from(endpoint.ref())); // they have changed places
    REQUIRE_OK(endpoint.ref().copy_from(moved.ref()));
    REQUIRE_OK(moved.ref().revoke());
    CHECK(test::is_empty(endpoint.number()) && !test::is_empty(badged.number()));
    REQUIRE_OK(badged.ref().revoke());
    CHECK(test::is_empty(moved.number()));
    REQUIRE_OK(memory.ref().revoke());
    CHECK(test::is_empty(badged.number()));
}

SYSTEM_TEST("Revoke: handlers descend from IRQControl, whose capability can be moved") {
    REQUIRE_PLACE(handler);
    REQUIRE_PLACE(copy);
    REQUIRE_PLACE(control);
    const sys::SlotRef home = test::space().at(abi::root_slot::irq_control);
    REQUIRE_OK(sys::IrqControl(abi::root_slot::irq_control).get_msi(handler.ref(), {}, 0, 101));
    REQUIRE_OK(copy_to(copy, handler));
    REQUIRE_OK(control.ref().move_from(home));
    CHECK_ANSWER(invoke(abi::root_slot::irq_control, Invocation::irq_control_get, {0, 0, 0}, {own_cnode()}),
                 invalid_capability, 0);
    CHECK_OK(control.ref().revoke());
    CHECK(test::is_empty(handler.number()) && test::is_empty(copy.number()));
    REQUIRE_OK(home.move_from(control.ref()));
    CHECK_OK(sys::IrqControl(abi::root_slot::irq_control).get_msi(handler.ref(), {}, 0, 101)); // the vector is free
}

SYSTEM_TEST("a port range is free again with the last capability to it") {
    REQUIRE_PLACE(ports);
    const sys::IoPortControl control(abi::root_slot::io_port_control);
    REQUIRE_OK(control.issue(0x80, 0x8f, ports.ref()));
    REQUIRE_PLACE(copy);
    REQUIRE_OK(copy_to(copy, ports));
    REQUIRE_OK(ports.ref().remove());
    REQUIRE_PLACE(again);
    CHECK_REFUSED(control.issue(0x8f, 0x90, again.ref()), abi::Error::revoke_first);
    REQUIRE_OK(copy.ref().remove());
    CHECK_OK(control.issue(0x8f, 0x90, again.ref()));
}

SYSTEM_TEST("Delete: the last capability takes the object with it, an earlier one does not") {
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_PLACE(copy);
    REQUIRE_OK(copy_to(copy, notification));
    REQUIRE_OK(tcb->bind_notification(notification));
    notification.reset();
    CHECK_REFUSED(tcb->bind_notification(sys::Notification(copy.number())), abi::Error::illegal_operation);
    REQUIRE_OK(copy.ref().remove()); // destroyed: the thread is bound no longer
    CHECK_REFUSED(tcb->unbind_notification(), abi::Error::illegal_operation);
}

SYSTEM_TEST("capabilities inside a TCB keep objects alive, and Revoke takes them, too") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_OK(tcb->set_timeout_endpoint(endpoint));
    endpoint.reset();
    REQUIRE_PLACE(place);
    // The endpoint is still there, so the memory is in use.
    CHECK_REFUSED(memory->retype_into(abi::ObjectType::untyped, 14, own_cnode(), place.number()),
                  abi::Error::not_enough_memory, (1 << 14) - 16);
    REQUIRE_OK(memory.ref().revoke());
    CHECK_OK(memory->retype_into(abi::ObjectType::untyped, 14, own_cnode(), place.number()));
}
