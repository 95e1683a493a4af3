// SPDX-License-Identifier: BSD-2-Clause
// Address-space numbers: pools, assignment, what ends with a pool or a space, and that a number used again is clean.
#include <sys/cap/asid.hpp>
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::UserRegister;
using sys::PageAccess;
using test::AnyCap;
using test::Cap;
using test::Fault;
using test::invoke;
using test::own_cnode;
using test::Place;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

constexpr Word control = abi::root_slot::asid_control;
constexpr unsigned further_pools = 7; // the root task's is the eighth
constexpr Word somewhere = 0x600000;

test::Answer make_pool(AnyCap untyped, Word index, Word depth = 64, AnyCap root = own_cnode()) {
    return invoke(control, Invocation::asid_control_make_pool, {index, depth}, {untyped, root});
}
test::Answer assign(AnyCap pool, AnyCap space) { return invoke(pool, Invocation::asid_pool_assign, {}, {space}); }

sys::UserRegisters with(Word rdi, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = rdi;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

/// All pools that are left, each out of an untyped of its own.
struct AllPools {
    Cap<sys::Untyped> memory[further_pools];
    Place places[further_pools];

    sys::Result<void> make() {
        for (unsigned i = 0; i < further_pools; ++i) {
            new (&places[i]) Place(TRY(Place::take()));
            memory[i] = TRY(test::make_untyped(12));
            TRY(sys::AsidControl(control).make_pool(memory[i], places[i].ref()));
        }
        return {};
    }
};

} // namespace

SYSTEM_TEST("MakePool: there are eight pools with the root task's; the next is refused until one is gone") {
    AllPools pools;
    REQUIRE_OK(pools.make());
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_PLACE(place);
    CHECK_ANSWER(make_pool(memory, place.number()), delete_first);
    CHECK_ANSWER(make_pool(Word{0}, place.number(), 99), delete_first); // before everything else
    REQUIRE_OK(pools.places[3].ref().remove());
    CHECK_DONE(make_pool(memory, place.number()));
    CHECK_ANSWER(make_pool(pools.memory[3], pools.places[3].number()), delete_first);
}

SYSTEM_TEST("MakePool: needs a RAM untyped of exactly 4 KiB, without children, and an empty place") {
    REQUIRE_PLACE(place);
    for (const unsigned bits : {4u, 11u, 13u, 14u}) {
        REQUIRE_VALUE(wrong, test::make_untyped(bits));
        CHECK_ANSWER(make_pool(wrong, place.number()), invalid_capability, 1);
    }
    REQUIRE_VALUE(memory, test::make_untyped(12));
    {
        REQUIRE_VALUE(child, sys::make_object<sys::Endpoint>(test::space(), memory));
        CHECK_ANSWER(make_pool(memory, place.number()), revoke_first);
        CHECK_ANSWER(make_pool(memory, abi::root_slot::tcb, 99), revoke_first); // before the destination
    }
    CHECK_ANSWER(make_pool(memory, abi::root_slot::tcb), delete_first);
    CHECK_ANSWER(make_pool(memory, place.number(), 0), range_error, 1, 64);
    CHECK_ANSWER(make_pool(memory, place.number(), 65), range_error, 1, 64);
    CHECK_ANSWER(make_pool(memory, Word{1} << 60), failed_lookup, 0, 4, 64, 0, 64 - test::boot_info().cnode_bits);
    CHECK_ANSWER(make_pool(memory, place.number(), 64, memory), failed_lookup, 0, 1);
    CHECK_DONE(make_pool(memory, place.number()));
    REQUIRE_PLACE(second);
    CHECK_ANSWER(make_pool(memory, second.number()), revoke_first); // the pool is its child
}

SYSTEM_TEST("MakePool: device memory is no memory for a pool") {
    const abi::SlotRegion region = test::boot_info().untyped;
    Word slot = 0;
    for (Word i = 0; i < region.count() && slot == 0; ++i) {
        const abi::UntypedDescriptor& piece = test::boot_info().untyped_list[i];
        if (piece.is_device && piece.size_bits > 12)
            slot = region.start + i;
    }
    REQUIRE(slot != 0);
    REQUIRE_VALUE(device, sys::make_object<sys::Untyped>(test::space(), sys::Untyped(slot), 12));
    REQUIRE_PLACE(place);
    CHECK_ANSWER(make_pool(device, place.number()), invalid_capability, 1);
}

SYSTEM_TEST("Assign: an assigned space and what is no PML4 are capability 1") {
    REQUIRE_VALUE(space, sys::make_object<sys::VSpace>(test::space(), test::arena()));
    const Word pool = abi::root_slot::asid_pool;
    CHECK_DONE(assign(pool, space));
    CHECK_ANSWER(assign(pool, space), invalid_capability, 1);
    CHECK_ANSWER(assign(pool, test::own_space()), invalid_capability, 1);
    CHECK_ANSWER(assign(pool, Word{0}), invalid_capability, 1);
    CHECK_ANSWER(assign(pool, own_cnode()), invalid_capability, 1);
}

SYSTEM_TEST("a pool serves 512 spaces; when one goes there is room for another") {
    constexpr Word count = 513;
    constexpr unsigned bits = 10;
    REQUIRE_VALUE(pool_memory, test::make_untyped(12));
    REQUIRE_PLACE(pool);
    REQUIRE_DONE(make_pool(pool_memory, pool.number()));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), bits));
    REQUIRE_VALUE(memory, test::make_untyped(22));
    REQUIRE_PLACE(space);
    for (Word i = 0; i < count; ++i) {
        REQUIRE_OK(memory->retype(abi::ObjectType::pml4, 0, sys::SlotRef{node, 0, 0}, i, 1));
        REQUIRE_OK(space.ref().move_from(node->at(i, bits)));
        const test::Answer answer = assign(pool, space);
        if (i + 1 < count)
            REQUIRE(CHECK_DONE(answer));
        else
            CHECK_ANSWER(answer, delete_first);
        REQUIRE_OK(node->at(i, bits).move_from(space.ref()));
    }
    REQUIRE_OK(node->at(77, bits).remove());
    REQUIRE_OK(space.ref().move_from(node->at(count - 1, bits)));
    CHECK_DONE(assign(pool, space));
    REQUIRE_OK(space.ref().remove()); // the last capability that lay outside the CNode
}

SYSTEM_TEST("deleting a pool ends its spaces: a thread in one faults, and maps miss the space") {
    REQUIRE_VALUE(pool_memory, test::make_untyped(12));
    REQUIRE_PLACE(pool);
    REQUIRE_DONE(make_pool(pool_memory, pool.number()));
    Subject subject; // in a space of the new pool
    REQUIRE_OK(subject.make_raw());
    REQUIRE_VALUE(memory, test::make_untyped(15));
    REQUIRE_VALUE(space, sys::make_object<sys::VSpace>(test::space(), memory));
    REQUIRE_DONE(assign(pool, space));
    REQUIRE_OK(subject.victim.configure());
    REQUIRE_OK(subject.victim.tcb().set_space(subject.victim.faults(), subject.victim.cnode(),
                                              abi::CNodeData(0, 58).raw(), space));
    const Fault before = subject.victim.run(snippet_done); // nothing is mapped there
    CHECK(before.kind == abi::Fault::vm_fault);
    CHECK_EQUAL(before.ip(), Victim::address_of(snippet_done));
    REQUIRE_OK(pool.ref().remove());
    const Fault after = subject.victim.run(snippet_done);
    CHECK(after.kind == abi::Fault::vm_fault);
    // The capability has a number, though nobody's: it may be a thread's space, and is not assigned anew.
    CHECK_DONE(invoke(subject.victim.tcb(), Invocation::tcb_set_space, {0, 0},
                      {subject.victim.faults(), subject.victim.cnode(), space}));
    CHECK_ANSWER(assign(abi::root_slot::asid_pool, space), invalid_capability, 1);
    CHECK(subject.victim.run(snippet_done).kind == abi::Fault::vm_fault);
    REQUIRE_VALUE(again, test::make_untyped(12, pool_memory)); // the pool's memory is free
}

SYSTEM_TEST("deleting a space while a thread runs in it: the thread faults on its next instruction") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(memory, test::make_untyped(Victim::memory_bits));
    Victim other;
    REQUIRE_OK(other.make(memory));
    REQUIRE_OK(subject.victim.tcb().set_space(subject.victim.faults(), subject.victim.cnode(),
                                              abi::CNodeData(0, 58).raw(), other.space().root()));
    REQUIRE_OK(subject.victim.start(snippet_spin));
    test::yield();
    REQUIRE(subject.victim.registers()[UserRegister::rax] > 0);
    REQUIRE_OK(memory.ref().revoke());
    const auto fault = subject.victim.next_fault();
    REQUIRE(fault && fault->kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault->words[2], 1); // an instruction fetch
    CHECK_EQUAL(fault->address(), fault->ip());
    // With a space again it goes on where it was.
    REQUIRE_OK(subject.victim.tcb().set_space(subject.victim.faults(), subject.victim.cnode(),
                                              abi::CNodeData(0, 58).raw(), subject.victim.space().root()));
    const Word turns = subject.victim.registers()[UserRegister::rax];
    subject.victim.reply();
    REQUIRE(test::wait_until([&] { return subject.victim.registers()[UserRegister::rax] > turns; }));
}

SYSTEM_TEST("a number that is used again finds nothing of the space that had it before") {
    // Each space comes out of the same memory with the same number; each has a page of its own there, or none.
    REQUIRE_VALUE(memory, test::make_untyped(Victim::memory_bits));
    for (Word round = 0; round < 6; ++round) {
        Victim victim;
        REQUIRE_OK(victim.make(memory));
        REQUIRE_OK(victim.configure());
        CHECK(victim.run(snippet_load, with(somewhere)).kind == abi::Fault::vm_fault);
        REQUIRE_OK(victim.space().map_new(somewhere, PageAccess::read_write()));
        REQUIRE(victim.run(snippet_load, with(somewhere)).is_done());
        CHECK_EQUAL(victim.registers()[UserRegister::rax], 0);
        REQUIRE(victim.run(snippet_store, with(somewhere, 0x100 + round)).is_done());
    }
}

SYSTEM_TEST("copies of a space's capability are the same space; the last one ends it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_PLACE(copy);
    REQUIRE_OK(copy.ref().copy_from(test::space().at(subject.victim.space().root().slot())));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_OK(subject.victim.space().map_new(somewhere + test::page_size, PageAccess::read_only())); // makes tables
    CHECK_OK(frame->map(sys::VSpace(copy.number()), somewhere, PageAccess::read_write()));
    CHECK(subject.victim.run(snippet_store, with(somewhere, 5)).is_done());
    CHECK_OK(frame->map(subject.victim.space().root(), somewhere, PageAccess::read_only())); // remapped by the other
    REQUIRE_OK(copy.ref().remove());
    CHECK(subject.victim.run(snippet_load, with(somewhere)).is_done());
}
