// SPDX-License-Identifier: BSD-2-Clause
// Deleting trees, loops and knots of CNodes and threads, interrupted after every possible number of steps.
#include <support/fake_machine.hpp>

#include <lifetime/delete.hpp>

using namespace test;

namespace {

/// An operation that starts again first goes from zombie to zombie that waits for another; these steps count, too, and
/// the kernel takes 24 between two looks.
constexpr unsigned most_hops = 6;

/// Moves the only capability in root slot `from` into slot `index` of the CNode in root slot `node`.
void put_into(FakeMachine& machine, Word node, Word index, Word from) {
    move_capability(slots_of(machine.cap(node))[index], machine.cap(from), machine.slot(from));
}

/// Revokes the untyped, stopped and started again after every `steps` steps.
void revoke_all(FakeMachine& machine, unsigned steps) {
    x86::simulated.on_interrupt_window = [] { cpu.interrupted = true; };
    for (unsigned entries = 0;; entries++) {
        REQUIRE(entries < 100'000);
        cpu.interrupted = false;
        machine.look_after_steps(steps);
        if (revoke(machine.slot(at::untyped)) == Progress::finished)
            break;
        machine.check_invariants();
    }
    cpu.interrupted = false;
    x86::simulated.on_interrupt_window = nullptr;
    CHECK_FALSE(has_children(machine.slot(at::untyped)));
    for (Word i = at::first_free; i < bit(root_radix); i++)
        REQUIRE(machine.slot(i).is_empty());
}

} // namespace

TEST_CASE("64 CNodes inside one another are deleted, whenever interrupted", "[lifetime]") {
    for (unsigned steps = 1; steps <= 24; steps++) {
        FakeMachine machine;
        Words nodes;
        for (int i = 0; i < 64; i++)
            nodes.push_back(machine.make(ObjectType::cnode, 1 + i % 3));
        for (int i = 63; i > 0; i--)
            put_into(machine, nodes[i - 1], static_cast<Word>(i) % 2, nodes[i]);
        revoke_all(machine, steps);
    }
}

TEST_CASE("a call that deletes what it was made with is not started again when it is done", "[lifetime]") {
    FakeMachine machine;
    Tcb& root = machine.root();
    const auto interrupted = [&](Word capability, Method method, const Words& words, const Words& caps) {
        machine.look_after_steps(1);
        machine.interrupt_at_look(1);
        const CallResult result = machine.invoke(root, capability, method, words, caps);
        machine.no_interrupts();
        return result;
    };
    const Word copy = machine.mint(at::cnode, Rights::all());
    CHECK(interrupted(copy, Method::cnode_delete, {copy, 64}, {}).ok());
    CHECK(machine.slot(copy).is_empty());
    // In turn the thread's own CSpace, VSpace and buffer go and come back.
    CHECK(interrupted(at::tcb, Method::tcb_configure, {0, 0, 0x50'0000}, {at::cnode, at::vspace, at::ipc_buffer}).ok());
    CHECK(interrupted(at::tcb, Method::tcb_set_ipc_buffer, {0x50'0400}, {at::ipc_buffer}).ok());
    CHECK(interrupted(at::tcb, Method::tcb_set_space, {0, 0}, {at::device, at::cnode, at::vspace}) ==
          Error::invalid_capability);
    CHECK(interrupted(at::tcb, Method::tcb_set_space, {0, 0}, {machine.free_slot(), at::cnode, at::vspace}).ok());
}

TEST_CASE("a CNode that holds its own last capability is deleted", "[lifetime]") {
    for (unsigned steps = 1; steps <= 24; steps++) {
        for (Word index = 0; index < 4; index++) {
            FakeMachine machine;
            const Word node = machine.make(ObjectType::cnode, 2);
            const Word other = machine.make(ObjectType::cnode, 1);
            put_into(machine, node, (index + 1) % 4, other);
            Slot* const slots = slots_of(machine.cap(node));
            move_capability(slots[index], machine.cap(node), machine.slot(node));
            revoke_all(machine, steps);
        }
    }
}

TEST_CASE("CNodes that hold one another's last capabilities are deleted", "[lifetime]") {
    for (unsigned steps = most_hops + 1; steps <= 24; steps++) {
        for (unsigned length = 2; length <= 5; length++) {
            FakeMachine machine;
            Words nodes;
            std::vector<Slot*> slots;
            for (unsigned i = 0; i < length; i++) {
                nodes.push_back(machine.make(ObjectType::cnode, 2));
                slots.push_back(slots_of(machine.cap(nodes[i])));
            }
            for (unsigned i = 0; i < length; i++)
                move_capability(slots[(i + 1) % length][i % 4], machine.cap(nodes[i]), machine.slot(nodes[i]));
            revoke_all(machine, steps);
        }
    }
}

TEST_CASE("a thread whose last capability lies in its own CSpace is deleted", "[lifetime]") {
    for (unsigned steps = most_hops + 1; steps <= 24; steps++) {
        FakeMachine machine;
        const Word thread = machine.make_thread();
        const Word node = machine.make(ObjectType::cnode, 2);
        Tcb& tcb = machine.thread(thread);
        put_into(machine, node, 1, thread);
        remove_capability(tcb.slot(TcbSlot::cspace));
        move_capability(tcb.slot(TcbSlot::cspace), machine.cap(node), machine.slot(node));
        revoke_all(machine, steps);
        CHECK(tcb.state == ThreadState::stopped);
    }
}

TEST_CASE("two deletions that meet halfway both come to their end", "[lifetime]") {
    for (unsigned steps = 1; steps <= 12; steps++) {
        FakeMachine machine;
        Words nodes;
        for (int i = 0; i < 6; i++)
            nodes.push_back(machine.make(ObjectType::cnode, 2));
        // 0 holds 1 holds 2, and 3 holds 4 holds 5.
        for (unsigned outer : {0u, 3u}) {
            put_into(machine, nodes[outer + 1], 0, nodes[outer + 2]);
            put_into(machine, nodes[outer], 3, nodes[outer + 1]);
        }
        x86::simulated.on_interrupt_window = [] { cpu.interrupted = true; };
        bool done[2] = {};
        for (int round = 0; round < 1000 && !(done[0] && done[1]); round++) {
            cpu.interrupted = false;
            machine.look_after_steps(steps);
            done[round % 2] = delete_slot(machine.slot(nodes[round % 2 * 3])) == Progress::finished;
            machine.check_invariants();
        }
        CHECK(done[0]);
        CHECK(done[1]);
        revoke_all(machine, steps);
    }
}

TEST_CASE("deleting the handler that holds a notification's last capability wakes who waits", "[lifetime][irq]") {
    FakeMachine machine;
    const Word notification = machine.make(ObjectType::notification);
    const Word waiter = machine.make_thread();
    machine.run(machine.thread(waiter));
    machine.receive(machine.thread(waiter), notification, 0, Syscall::wait);
    machine.run(machine.root());
    const Word handler = machine.free_slot();
    REQUIRE(
        machine.invoke(at::irq_control, Method::irq_control_get_msi, {handler, 64, 0, 0, 0, 0, 3}, {at::cnode}).ok());
    REQUIRE(machine.invoke(handler, Method::irq_handler_set_notification, {}, {notification}).ok());
    REQUIRE(machine.invoke(at::cnode, Method::cnode_delete, {notification, 64}).ok());
    CHECK(machine.thread(waiter).state == ThreadState::waiting);
    REQUIRE(machine.invoke(at::cnode, Method::cnode_delete, {handler, 64}).ok());
    CHECK(machine.thread(waiter).state == ThreadState::runnable);
    CHECK(machine.waits(machine.thread(waiter)));
}

TEST_CASE("a deletion that meets one which waits for others takes all of them along", "[lifetime]") {
    for (unsigned first = 1; first <= 24; first++) {
        for (unsigned second : {1u, 2u, 5u, 24u}) {
            FakeMachine machine;
            Words nodes;
            for (int i = 0; i < 6; i++)
                nodes.push_back(machine.make(ObjectType::cnode, 2));
            const Word outer = machine.make(ObjectType::cnode, 2);
            for (unsigned i = 5; i > 0; i--)
                put_into(machine, nodes[i - 1], 3, nodes[i]);
            put_into(machine, outer, 1, nodes[0]);
            Slot& inner = slots_of(machine.cap(outer))[1];
            x86::simulated.on_interrupt_window = [] { cpu.interrupted = true; };
            // The inner one begins, and is stopped; then the outer one comes upon it.
            for (unsigned round = 0; round < 3; round++) {
                cpu.interrupted = false;
                machine.look_after_steps(first);
                if (delete_slot(inner) == Progress::finished)
                    break;
                machine.check_invariants();
            }
            for (unsigned entries = 0;; entries++) {
                REQUIRE(entries < 1000);
                cpu.interrupted = false;
                machine.look_after_steps(second);
                if (delete_slot(machine.slot(outer)) == Progress::finished)
                    break;
                machine.check_invariants();
            }
            CHECK(machine.cap(outer).is_null());
            revoke_all(machine, second);
        }
    }
}

TEST_CASE("an endpoint that goes with its CNode lets its queue go, one thread a step", "[lifetime]") {
    FakeMachine machine;
    const Word node = machine.make(ObjectType::cnode, 2), endpoint = machine.make(ObjectType::endpoint);
    Words senders;
    for (int i = 0; i < 40; i++) {
        senders.push_back(machine.make_thread(50));
        machine.run(machine.thread(senders.back()));
        machine.send(machine.thread(senders.back()), endpoint, 0);
    }
    machine.run(machine.root());
    Word victim = endpoint;
    SECTION("by itself") {}
    SECTION("inside a CNode") {
        put_into(machine, node, 2, endpoint);
        victim = node;
    }
    machine.interrupt_at_look(1);
    machine.put_message(machine.root(), static_cast<Word>(Method::cnode_delete), {victim, 64});
    CHECK_FALSE(machine.enter(machine.root(), Syscall::call, at::cnode).completed);
    machine.no_interrupts();
    REQUIRE(machine.is_running(machine.root()));
    unsigned woken = 0;
    for (Word sender : senders)
        woken += machine.thread(sender).state == ThreadState::runnable;
    CHECK(woken > 0);
    CHECK(woken < 40);
    CHECK(machine.enter_again(machine.root()).ok());
    for (Word sender : senders)
        CHECK(machine.thread(sender).state == ThreadState::runnable);
    CHECK(machine.cap(victim).is_null());
}

TEST_CASE("a deletion that takes the caller's own context along ends without it", "[lifetime]") {
    FakeMachine machine;
    const Word node = machine.make(ObjectType::cnode, 8), endpoint = machine.make(ObjectType::endpoint);
    const Word context = machine.make_context(1000, 10'000), victim = machine.make_thread(255, false);
    Tcb& thread = machine.thread(victim);
    REQUIRE(machine.invoke(context, Method::sched_context_bind, {}, {victim}).ok());
    for (Word i = 0; i < 255; i++)
        REQUIRE(machine.invoke(node, Method::cnode_copy, {i, 64, endpoint, 64, 15}, {at::cnode}).ok());
    put_into(machine, node, 255, context);
    machine.run(thread);
    // Time passes while it deletes: when the context has gone there is no budget left that could end.
    x86::simulated.tsc_step = us(400);
    machine.put_message(thread, static_cast<Word>(Method::cnode_delete), {node, 64});
    machine.enter(thread, Syscall::call, at::cnode);
    x86::simulated.tsc_step = 0;
    CHECK(machine.is_running(machine.root()));
    CHECK(thread.sched_context == nullptr);
    CHECK(machine.answer_of(thread).ok());
    CHECK(machine.cap(node).is_null());
    REQUIRE(machine.invoke(machine.make_context(), Method::sched_context_bind, {}, {victim}).ok());
    machine.run(thread);
}

TEST_CASE("a deletion that takes the calling thread along ends in the middle of its call", "[lifetime]") {
    FakeMachine machine;
    const Word node = machine.make(ObjectType::cnode, 8), endpoint = machine.make(ObjectType::endpoint);
    const Word context = machine.make_context(1000, 10'000), victim = machine.make_thread(255, false);
    Tcb& thread = machine.thread(victim);
    REQUIRE(machine.invoke(context, Method::sched_context_bind, {}, {victim}).ok());
    for (Word i = 0; i < 255; i++)
        REQUIRE(machine.invoke(node, Method::cnode_copy, {i, 64, endpoint, 64, 15}, {at::cnode}).ok());
    put_into(machine, node, 255, victim);
    machine.run(thread);
    x86::simulated.tsc_step = us(400);
    machine.put_message(thread, static_cast<Word>(Method::cnode_delete), {node, 64});
    machine.enter(thread, Syscall::call, at::cnode);
    x86::simulated.tsc_step = 0;
    CHECK(machine.is_running(machine.root()));
    CHECK(machine.context(context).thread == nullptr);
    // The rest is left for whoever deletes the CNode next.
    CHECK(machine.invoke(at::cnode, Method::cnode_delete, {node, 64}).ok());
    CHECK(machine.cap(node).is_null());
}
