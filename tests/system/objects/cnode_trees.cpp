// SPDX-License-Identifier: BSD-2-Clause
// CNodes that hold CNodes, themselves and whoever uses them: deletion ends, and gives everything back.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::ObjectType;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Subject;
using test::Word;

namespace {

/// Whether all of an untyped of `bits` can be made one object again.
bool is_free(sys::Untyped memory, unsigned bits) { return test::make_untyped(bits, memory).is_ok(); }

} // namespace

SYSTEM_TEST("a CNode that holds itself goes with the last capability outside of it") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, 3));
    for (Word slot = 0; slot < 8; slot += 3)
        REQUIRE_OK(node->at(slot, 3).copy_from(node.ref()));
    // The slots inside are descendants of the one that came from Retype.
    REQUIRE_OK(node.ref().revoke());
    node.reset();
    CHECK(is_free(memory, 12));
}

SYSTEM_TEST("a CNode whose only capability lies in itself goes with its untyped") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, 3));
    REQUIRE_OK(node->at(5, 3).move_from(node.ref()));
    CHECK(!is_free(memory, 12));
    REQUIRE_OK(memory.ref().revoke());
    CHECK(is_free(memory, 12));
}

SYSTEM_TEST("two CNodes that hold each other go together") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_VALUE(first, sys::make_object<sys::CNode>(test::space(), memory, 3));
    REQUIRE_VALUE(second, sys::make_object<sys::CNode>(test::space(), memory, 3));
    REQUIRE_OK(first->at(7, 3).copy_from(second.ref()));
    REQUIRE_OK(second->at(1, 3).move_from(first.ref()));
    second.reset();
    REQUIRE_OK(memory.ref().revoke());
    CHECK(is_free(memory, 12));
}

SYSTEM_TEST("a chain of a thousand CNodes, each held by the one before only, is deleted from its start") {
    constexpr Word length = 1000;
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(head, sys::make_object<sys::CNode>(test::space(), memory, 1));
    REQUIRE_PLACE(end);
    REQUIRE_OK(end.ref().copy_from(head.ref()));
    for (Word i = 1; i < length; ++i) {
        REQUIRE_PLACE(next);
        REQUIRE_OK(memory->retype_into(ObjectType::cnode, 1, own_cnode(), next.number()));
        REQUIRE_PLACE(copy);
        REQUIRE_OK(copy.ref().copy_from(next.ref()));
        REQUIRE_OK(sys::CNode(end.number()).at(i & 1, 1).move_from(next.ref()));
        REQUIRE_OK(end.ref().remove());
        REQUIRE_OK(end.ref().move_from(copy.ref()));
    }
    REQUIRE_OK(end.ref().remove());
    head.reset();
    REQUIRE_OK(memory.ref().revoke());
    CHECK(is_free(memory, 17));
}

SYSTEM_TEST("a wide tree: thousands of copies of one capability are revoked at once") {
    constexpr unsigned bits = 12;
    REQUIRE_VALUE(memory, test::make_untyped(18));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, bits));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    for (Word slot = 0; slot < Word{1} << bits; ++slot) // every other one badged, each with copies behind it
        REQUIRE_OK(slot % 4 == 0 ? node->at(slot, bits).mint_from(endpoint.ref(), sys::Rights::all(), slot + 1)
                                 : node->at(slot, bits).copy_from(node->at(slot - 1, bits)));
    REQUIRE_OK(node->at(4, bits).revoke()); // its three copies, not itself, not its neighbours
    CHECK_REFUSED(node->at(3, bits).copy_from(endpoint.ref()), abi::Error::delete_first);
    CHECK_REFUSED(node->at(4, bits).copy_from(endpoint.ref()), abi::Error::delete_first);
    for (const Word slot : {Word{5}, Word{6}, Word{7}})
        CHECK_OK(node->at(slot, bits).copy_from(endpoint.ref()));
    CHECK_REFUSED(node->at(8, bits).copy_from(endpoint.ref()), abi::Error::delete_first);
    REQUIRE_OK(endpoint.ref().revoke());
    for (Word slot = 0; slot < Word{1} << bits; ++slot)
        REQUIRE(node->at(slot, bits).copy_from(endpoint.ref()).is_ok());
}

SYSTEM_TEST("a derivation chain of thousands of copies of copies is revoked from its start") {
    constexpr unsigned bits = 12;
    REQUIRE_VALUE(memory, test::make_untyped(18));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, bits));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), memory));
    REQUIRE_OK(node->at(0, bits).copy_from(tcb.ref()));
    for (Word slot = 1; slot < Word{1} << bits; ++slot)
        REQUIRE_OK(node->at(slot, bits).copy_from(node->at(slot - 1, bits)));
    REQUIRE_OK(tcb.ref().revoke());
    CHECK_REFUSED(node->at(0, bits).copy_from(node->at(4095, bits)), abi::Error::failed_lookup, 1);
}

SYSTEM_TEST("deleting a CNode deletes what it holds, but only what is nowhere else") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), 4));
    for (Word slot = 0; slot < 8; ++slot)
        REQUIRE_OK(memory->retype_into(ObjectType::tcb, 0, node, slot));
    REQUIRE_PLACE(kept);
    REQUIRE_OK(kept.ref().copy_from(node->at(3, 4)));
    node.reset();
    CHECK_OK(sys::Tcb(kept.number()).suspend());
    CHECK(!is_free(memory, 14));
    REQUIRE_OK(kept.ref().remove());
    CHECK(is_free(memory, 14));
}

SYSTEM_TEST("a thread may delete its own CSpace: it goes on, and has no capabilities") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.slot(7).copy_from(test::space().at(subject.victim.cnode().slot())));
    sys::UserRegisters registers;
    registers[abi::UserRegister::rdx] = static_cast<Word>(abi::Syscall::call);
    registers[abi::UserRegister::rdi] = 7;
    registers[abi::UserRegister::rsi] = abi::MessageInfo(static_cast<Word>(Invocation::cnode_delete), 2).raw();
    registers[abi::UserRegister::r10] = 7;
    registers[abi::UserRegister::r8] = test::Victim::cnode_bits;
    REQUIRE(subject.victim.run(snippet_syscall, registers).is_done()); // the slot that it used; others hold the CNode
    REQUIRE_OK(test::space().at(subject.victim.cnode().slot()).revoke());
    registers[abi::UserRegister::rdx] = static_cast<Word>(abi::Syscall::call);
    const test::Fault fault = subject.victim.run(snippet_syscall, registers);
    REQUIRE(fault.kind == abi::Fault::cap_fault);
    CHECK_EQUAL(fault.words[abi::cap_fault::lookup_failure], 1); // invalid root
}

namespace {

/// A thread in a subject's spaces, out of memory of its own, about to call its CNode (slot 2) about its slot 1.
struct SelfDestroyer {
    Subject subject;
    Cap<sys::Untyped> memory;
    Cap<sys::SchedContext> context;
    Cap<sys::Tcb> tcb;

    sys::Result<void> make(Invocation method, sys::Priority priority) {
        TRY(subject.make());
        memory = TRY(test::make_untyped(14));
        context = TRY(sys::make_object<sys::SchedContext>(test::space(), memory, 8));
        TRY(test::sched_control().configure(context, {{5000}, {5000}}));
        TRY(subject.victim.slot(2).copy_from(test::space().at(subject.victim.cnode().slot())));
        tcb = TRY(sys::make_object<sys::Tcb>(test::space(), memory));
        TRY(tcb->configure(subject.victim.cnode(), abi::CNodeData(0, 58).raw(), subject.victim.space().root(), 0, {}));
        TRY(tcb->set_sched_params(test::own_tcb(), sys::Priority{0}, priority, context, subject.victim.faults()));
        sys::UserRegisters registers;
        registers[abi::UserRegister::rip] = test::Victim::address_of(snippet_syscall);
        registers[abi::UserRegister::rdx] = static_cast<Word>(abi::Syscall::call);
        registers[abi::UserRegister::rdi] = 2;
        registers[abi::UserRegister::rsi] = abi::MessageInfo(static_cast<Word>(method), 2).raw();
        registers[abi::UserRegister::r10] = 1;
        registers[abi::UserRegister::r8] = test::Victim::cnode_bits;
        return tcb->write_registers(registers, abi::user_register_count, false);
    }
};

} // namespace

SYSTEM_TEST("a thread may delete the last capability to itself: it is gone in the middle of its call") {
    SelfDestroyer thread;
    REQUIRE_OK(thread.make(Invocation::cnode_delete, test::below));
    REQUIRE_OK(thread.tcb->resume());
    REQUIRE_OK(thread.subject.victim.slot(1).move_from(thread.tcb.ref()));
    REQUIRE_OK(test::own_tcb().set_priority(test::own_tcb(), sys::Priority{1})); // it runs now
    REQUIRE_OK(test::own_tcb().set_priority(test::own_tcb(), test::base_priority));
    CHECK_REFUSED(thread.tcb.ref().move_from(thread.subject.victim.slot(1)), abi::Error::failed_lookup, 1);
    CHECK(!thread.subject.victim.next_fault(0).has_value());
    thread.context.reset();
    CHECK(is_free(thread.memory, 14));
}

SYSTEM_TEST("a thread may revoke the untyped that it was made of: it is gone in the middle of its call") {
    SelfDestroyer thread;
    REQUIRE_OK(thread.make(Invocation::cnode_revoke, test::above));
    REQUIRE_OK(thread.subject.victim.slot(1).move_from(thread.memory.ref()));
    REQUIRE_OK(thread.tcb->resume()); // and it is gone
    CHECK(test::is_empty(thread.tcb->slot()));
    CHECK(test::is_empty(thread.context->slot()));
    CHECK(!thread.subject.victim.next_fault(0).has_value());
    REQUIRE_OK(thread.memory.ref().move_from(thread.subject.victim.slot(1)));
    CHECK(is_free(thread.memory, 14));
}
