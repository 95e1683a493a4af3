// SPDX-License-Identifier: BSD-2-Clause
// Capability pointers: how they are resolved, and what a thread and its fault handler hear if they are not.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::UserRegister;
using test::Cap;
using test::Fault;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

/// A thread whose CSpace is a tree that the case builds: root (5 bits, guard 0b101 of 3 bits in front, so 8 bits), and
/// below its slot 9 a second CNode (4 bits, guard 0b11 of 2 bits: 6 bits).
struct Tree : Subject {
    static constexpr unsigned root_bits = 5, root_guard_size = 3, lower_bits = 4, lower_guard_size = 2;
    static constexpr Word root_guard = 0b101, lower_guard = 0b11, lower_slot = 9;
    Cap<sys::CNode> root;
    Cap<sys::CNode> lower;

    sys::Result<void> make_tree() {
        TRY(make());
        root = TRY(sys::make_object<sys::CNode>(test::space(), test::arena(), root_bits));
        lower = TRY(sys::make_object<sys::CNode>(test::space(), test::arena(), lower_bits));
        TRY(root->at(lower_slot, root_bits)
                .mint_from(lower.ref(), sys::Rights::all(), abi::CNodeData(lower_guard, lower_guard_size).raw()));
        return victim.tcb().set_space(victim.faults(), root, abi::CNodeData(root_guard, root_guard_size).raw(),
                                      victim.space().root());
    }
    /// A pointer with these 64 bits: first the most significant.
    static Word pointer(Word guard, Word slot, Word rest = 0) { return guard << 61 | slot << 56 | rest; }
    /// What lies behind the lower CNode's slot: 50 bits are left.
    static Word lower_pointer(Word guard, Word slot, Word rest = 0) {
        return pointer(root_guard, lower_slot, guard << 54 | slot << 50 | rest);
    }
    Fault run_call(abi::Syscall number, Word target, Word info = 0, Word r12 = 0, Word r13 = 0) {
        sys::UserRegisters registers;
        registers[UserRegister::rdx] = static_cast<Word>(number);
        registers[UserRegister::rdi] = target;
        registers[UserRegister::rsi] = info;
        registers[UserRegister::r12] = r12;
        registers[UserRegister::r13] = r13;
        return victim.run(snippet_syscall, registers);
    }
    /// The answer's label after a call that came back.
    Word label() { return victim.registers()[UserRegister::rsi] >> 12; }
};

bool is_cap_fault(const Fault& fault, Word pointer, bool receiving, std::initializer_list<Word> lookup,
                  const test::Where& where) {
    if (!test::check_equal(static_cast<Word>(fault.kind), 1, where) ||
        !test::check_equal(fault.length, 3 + lookup.size(), where) ||
        !test::check_equal(fault.words[0], Victim::address_of(snippet_syscall), where) ||
        !test::check_equal(fault.words[1], pointer, where) || !test::check_equal(fault.words[2], receiving, where))
        return false;
    unsigned index = 3;
    for (const Word word : lookup)
        if (!test::check_equal(fault.words[index++], word, where))
            return false;
    return true;
}

} // namespace

#define CHECK_CAP_FAULT(fault, pointer, receiving, ...)                                                                \
    CHECK(is_cap_fault((fault), (pointer), (receiving), {__VA_ARGS__}, TEST_WHERE(#fault)))

SYSTEM_TEST("a pointer against the first guard is a fault with bits left, guard and its size") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    for (const Word guard : {Word{0}, Word{0b100}, Word{0b111}}) {
        const Word pointer = Tree::pointer(guard, 1);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, pointer), pointer, false, 4, 64, 0b101, 3);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::send, pointer), pointer, false, 4, 64, 0b101, 3);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::recv, pointer), pointer, true, 4, 64, 0b101, 3);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::nb_recv, pointer), pointer, true, 4, 64, 0b101, 3);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::wait, pointer), pointer, true, 4, 64, 0b101, 3);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::nb_wait, pointer), pointer, true, 4, 64, 0b101, 3);
    }
}

SYSTEM_TEST("a pointer against the second guard says so with the bits that are left there") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    const Word pointer = Tree::lower_pointer(0b10, 3);
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, pointer), pointer, false, 4, 56, 0b11, 2);
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::wait, pointer), pointer, true, 4, 56, 0b11, 2);
}

SYSTEM_TEST("an empty slot that can be looked up is no fault to a sender: invalid capability 0") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    for (const Word pointer : {Tree::pointer(0b101, 1), Tree::pointer(0b101, 1, 0xff'ffff),
                               Tree::lower_pointer(0b11, 7), Tree::lower_pointer(0b11, 7, 1)}) {
        REQUIRE(tree.run_call(abi::Syscall::call, pointer).is_done());
        CHECK_EQUAL(tree.label(), static_cast<Word>(abi::Error::invalid_capability));
        CHECK_EQUAL(tree.victim.registers()[UserRegister::r10], 0);
        CHECK_EQUAL(tree.victim.registers()[UserRegister::rdi], 0);
        CHECK(tree.run_call(abi::Syscall::send, pointer).is_done());
        CHECK(tree.run_call(abi::Syscall::nb_send, pointer).is_done());
    }
}

SYSTEM_TEST("to a receiver an empty slot is a fault: missing capability, 0 bits left") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    for (const Word pointer : {Tree::pointer(0b101, 1), Tree::lower_pointer(0b11, 7), Tree::lower_pointer(0b11, 7, 5)})
        for (const abi::Syscall call :
             {abi::Syscall::recv, abi::Syscall::nb_recv, abi::Syscall::wait, abi::Syscall::nb_wait,
              abi::Syscall::reply_recv, abi::Syscall::nb_send_recv, abi::Syscall::nb_send_wait})
            CHECK_CAP_FAULT(tree.run_call(call, pointer), pointer, true, 2, 0);
}

SYSTEM_TEST("a pointer may end early at what is no CNode: the bits left over are ignored") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{8}));
    REQUIRE_OK(tree.root->at(2, Tree::root_bits).copy_from(badged.ref()));
    REQUIRE_OK(tree.lower->at(15, Tree::lower_bits).copy_from(badged.ref()));
    for (const Word pointer :
         {Tree::pointer(0b101, 2), Tree::pointer(0b101, 2, 1), Tree::pointer(0b101, 2, (Word{1} << 56) - 1),
          Tree::lower_pointer(0b11, 15), Tree::lower_pointer(0b11, 15, (Word{1} << 50) - 1)}) {
        REQUIRE(tree.run_call(abi::Syscall::send, pointer).is_done());
        CHECK_EQUAL(notification->poll().value, 8);
    }
}

SYSTEM_TEST("a pointer whose last CNode needs more bits than are left is a depth mismatch") {
    // Seven CNodes of 8 bits, then 8 bits are left: the eighth resolves 9, so a pointer never gets through.
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE_VALUE(loop, sys::make_object<sys::CNode>(test::space(), test::arena(), 7));
    REQUIRE_OK(loop->at(0, 7).copy_from(loop.ref())); // itself, without guard: 7 bits a round, 9 rounds, 1 bit left
    REQUIRE_OK(tree.victim.tcb().set_space(tree.victim.faults(), loop, 0, tree.victim.space().root()));
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, 0), 0, false, 3, 1, 7);
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::recv, 1), 1, true, 3, 1, 7);
    // One that leaves the loop before is found.
    CHECK(tree.run_call(abi::Syscall::call, Word{1} << 1).is_done());
    CHECK_EQUAL(tree.label(), static_cast<Word>(abi::Error::invalid_capability));
    REQUIRE_OK(loop->at(0, 7).remove());
}

SYSTEM_TEST("the guard is compared before the depth") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE_VALUE(loop, sys::make_object<sys::CNode>(test::space(), test::arena(), 7));
    REQUIRE_OK(loop->at(0, 7).mint_from(loop.ref(), sys::Rights::all(), abi::CNodeData(0, 0).raw()));
    // The last round has one bit left; this one has a guard of 1 bit there and needs 8.
    REQUIRE_OK(loop->at(1, 7).mint_from(loop.ref(), sys::Rights::all(), abi::CNodeData(1, 1).raw()));
    REQUIRE_OK(tree.victim.tcb().set_space(tree.victim.faults(), loop, 0, tree.victim.space().root()));
    const Word enters_guarded_last = Word{1} << 1; // eight rounds of 0, the ninth names slot 1
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, enters_guarded_last), enters_guarded_last, false, 4, 1, 1, 1);
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, enters_guarded_last | 1), enters_guarded_last | 1, false, 3, 1,
                    8);
    REQUIRE_OK(loop->at(0, 7).remove());
    REQUIRE_OK(loop->at(1, 7).remove());
}

SYSTEM_TEST("64 levels of one bit each are resolved to the last bit") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), 1));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{2}));
    REQUIRE_OK(node->at(0, 1).copy_from(node.ref()));
    REQUIRE_OK(node->at(1, 1).copy_from(badged.ref()));
    REQUIRE_OK(tree.victim.tcb().set_space(tree.victim.faults(), node, 0, tree.victim.space().root()));
    CHECK(tree.run_call(abi::Syscall::send, 1).is_done()); // 63 times slot 0, then slot 1
    CHECK_EQUAL(notification->poll().value, 2);
    CHECK(tree.run_call(abi::Syscall::send, Word{1} << 63).is_done()); // at once
    CHECK_EQUAL(notification->poll().value, 2);
    // All 64 levels: the pointer names the CNode itself.
    CHECK(tree.run_call(abi::Syscall::call, 0, abi::MessageInfo(static_cast<Word>(Invocation::untyped_retype), 0).raw())
              .is_done());
    CHECK_EQUAL(tree.label(), static_cast<Word>(abi::Error::illegal_operation));
    REQUIRE_OK(node->at(0, 1).remove());
}

SYSTEM_TEST("a thread whose CSpace is gone has an invalid root") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE(tree.run_call(abi::Syscall::yield, 0).is_done());
    tree.root.reset(); // the thread holds the CNode alive
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, 5), 5, false, 4, 64, 0b101, 3);
    REQUIRE_VALUE(second, sys::make_object<sys::CNode>(test::space(), test::arena(), 4));
    REQUIRE_OK(tree.victim.tcb().set_space(tree.victim.faults(), second, 0, tree.victim.space().root()));
    REQUIRE_OK(second.ref().revoke()); // takes the thread's, too
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, 5), 5, false, 1);
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::recv, 6), 6, true, 1);
    CHECK(tree.run_call(abi::Syscall::nb_send, 5).is_done());
    CHECK(tree.run_call(abi::Syscall::yield, 0).is_done());
}

SYSTEM_TEST("an extra capability that cannot be looked up is a fault to Call and Send, and silence to NBSend") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_OK(tree.root->at(3, Tree::root_bits).copy_from(memory.ref()));
    const Word untyped = Tree::pointer(0b101, 3);
    const Word bad = Tree::pointer(0b001, 4);
    REQUIRE_VALUE(view, test::View::of(tree.victim.buffer_frame()));
    auto& buffer = *reinterpret_cast<abi::IpcBuffer*>(view.bytes());
    for (unsigned position = 0; position < 3; ++position) {
        for (unsigned i = 0; i < 3; ++i)
            buffer.caps_or_badges[i] = i == position ? bad : untyped;
        const Word info = abi::MessageInfo(static_cast<Word>(Invocation::untyped_retype), 6, 3).raw();
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, untyped, info), bad, false, 4, 64, 0b101, 3);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::send, untyped, info), bad, false, 4, 64, 0b101, 3);
        CHECK(tree.run_call(abi::Syscall::nb_send, untyped, info).is_done());
        // Those that are not announced are not looked at.
        if (position == 2)
            CHECK(tree.run_call(abi::Syscall::call, untyped, abi::MessageInfo(1, 6, 2).raw()).is_done());
    }
}

SYSTEM_TEST("an extra capability that cannot be looked up is a fault of a message, too, whoever waits for it") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), test::arena()));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), test::arena()));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), notification.get(), sys::Rights::all(), sys::Badge{1}));
    REQUIRE_OK(tree.root->at(4, Tree::root_bits).copy_from(endpoint.ref(), sys::Rights::write()));
    REQUIRE_OK(tree.root->at(5, Tree::root_bits).copy_from(badged.ref()));
    REQUIRE_VALUE(view, test::View::of(tree.victim.buffer_frame()));
    const Word bad = Tree::pointer(0b001, 4);
    reinterpret_cast<abi::IpcBuffer*>(view.bytes())->caps_or_badges[0] = bad;
    const Word info = abi::MessageInfo(3, 1, 1).raw();
    for (const Word slot : {Word{4}, Word{5}}) { // no grant, and no message that could carry any
        const Word target = Tree::pointer(0b101, slot);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, target, info), bad, false, 4, 64, 0b101, 3);
        CHECK_CAP_FAULT(tree.run_call(abi::Syscall::send, target, info), bad, false, 4, 64, 0b101, 3);
        CHECK(tree.run_call(abi::Syscall::nb_send, target, info).is_done());
    }
    CHECK_EQUAL(endpoint->receive_if_there(reply).info.raw(), 0);
    CHECK_EQUAL(notification->poll().value, 0);
}

SYSTEM_TEST("the invoked capability is looked up before the extra ones") {
    Tree tree;
    REQUIRE_OK(tree.make_tree());
    REQUIRE_VALUE(view, test::View::of(tree.victim.buffer_frame()));
    reinterpret_cast<abi::IpcBuffer*>(view.bytes())->caps_or_badges[0] = Tree::pointer(0b001, 4);
    const Word bad = Tree::pointer(0b000, 1);
    CHECK_CAP_FAULT(tree.run_call(abi::Syscall::call, bad, abi::MessageInfo(1, 0, 1).raw()), bad, false, 4, 64, 0b101,
                    3);
}

SYSTEM_TEST("hostile pointers: every answer is a fault or an error, and none reaches a capability") {
    Subject subject; // an empty CSpace of 6 bits behind a guard of 58 zero bits
    REQUIRE_OK(subject.make());
    for (const Word pointer : test::hostile_words()) {
        sys::UserRegisters registers;
        registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::call);
        registers[UserRegister::rdi] = pointer;
        const Fault fault = subject.victim.run(snippet_syscall, registers);
        if (pointer < 64) {
            REQUIRE(fault.is_done());
            CHECK_EQUAL(subject.victim.registers()[UserRegister::rsi] >> 12,
                        static_cast<Word>(abi::Error::invalid_capability));
        } else {
            CHECK_CAP_FAULT(fault, pointer, false, 4, 64, 0, 58);
        }
    }
}
