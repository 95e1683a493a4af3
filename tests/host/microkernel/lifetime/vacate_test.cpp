// SPDX-License-Identifier: BSD-2-Clause
// Calls that replace a capability delete the old one first: they stop where an interrupt waits, and go on by themselves.
#include <support/fake_machine.hpp>

using namespace test;

namespace {

struct Replacing : FakeMachine {
    Word thread_cap = make_thread(100);
    Word nothing = free_slot();
    Word endpoint = make(ObjectType::endpoint);

    /// A large CNode whose last capability is the thread's CSpace.
    void fill_cspace() {
        const Word node = make(ObjectType::cnode, 8);
        for (Word i = 0; i < 256; i++)
            REQUIRE(invoke(node, Method::cnode_copy, {i, 64, endpoint, 64, 15}, {at::cnode}).ok());
        REQUIRE(invoke(thread_cap, Method::tcb_set_space, {0, 0}, {nothing, node, at::vspace}).ok());
        REQUIRE(invoke(at::cnode, Method::cnode_delete, {node, 64}).ok());
    }
    /// An endpoint with a long queue whose last capability is the handler that `method` sets.
    void fill_handler(Method method) {
        const Word busy = make(ObjectType::endpoint);
        for (int i = 0; i < 60; i++) {
            const Word sender = make_thread(50);
            run(thread(sender));
            send(thread(sender), busy, 0);
        }
        run(root());
        if (method == Method::tcb_set_timeout_endpoint)
            REQUIRE(invoke(thread_cap, method, {}, {busy}).ok());
        else
            REQUIRE(invoke(thread_cap, Method::tcb_set_space, {0, 0}, {busy, at::cnode, at::vspace}).ok());
        REQUIRE(invoke(at::cnode, Method::cnode_delete, {busy, 64}).ok());
    }
    /// The first entry is interrupted and changes nothing that the call is about; the next one ends it.
    void in_two_entries(Word pointer, Method method, const Words& words, const Words& caps) {
        interrupt_at_look(1);
        put_message(root(), static_cast<Word>(method), words, caps);
        CHECK_FALSE(enter(root(), Syscall::call, pointer).completed);
        CHECK(waits(root()));
        no_interrupts();
        REQUIRE(is_running(root()));
        CHECK(enter_again(root()).ok());
    }
};

} // namespace

TEST_CASE("Configure and SetSpace give up a full CSpace in steps", "[lifetime]") {
    Replacing world;
    world.fill_cspace();
    SECTION("Configure") {
        world.in_two_entries(world.thread_cap, Method::tcb_configure, {0, 0, 0}, {at::cnode, at::vspace, at::cnode});
    }
    SECTION("SetSpace") {
        world.in_two_entries(world.thread_cap, Method::tcb_set_space, {0, 0}, {world.endpoint, at::cnode, at::vspace});
        CHECK(world.thread(world.thread_cap).cap(TcbSlot::fault_handler).is(CapType::endpoint));
    }
    CHECK(world.thread(world.thread_cap).cap(TcbSlot::cspace).object() == root_cnode);
}

TEST_CASE("a thread may give up the CSpace that holds what it gives itself, or the capability that it calls",
          "[lifetime]") {
    for (bool called_stays : {true, false}) {
        Replacing world;
        // Its own 16 slots; slot 3 leads to 16 that others hold, too, slot 4 to 16 that only it holds.
        const Word own = world.make(ObjectType::cnode, 4), shared = world.make(ObjectType::cnode, 4);
        const Word inner = world.make(ObjectType::cnode, 4);
        const auto put = [&](Word node, Word index, Word source) { // a CNode comes without guard
            REQUIRE(world.invoke(node, Method::cnode_mint, {index, 64, source, 64, 15, 0}, {at::cnode}).ok());
        };
        put(inner, 1, at::cnode);
        put(inner, 2, at::vspace);
        put(own, 3, shared);
        put(own, 4, inner);
        put(called_stays ? shared : own, 5, world.thread_cap);
        const Word guard = abi::CNodeData(0, 56).raw();
        REQUIRE(
            world.invoke(world.thread_cap, Method::tcb_set_space, {guard, 0}, {world.nothing, own, at::vspace}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {own, 64}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {inner, 64}).ok());
        Tcb& thread = world.thread(world.thread_cap);
        REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
        world.run(thread);
        REQUIRE(world.is_running(thread));
        const Word called = called_stays ? 0x35 : 0x50;
        const CallResult answer = world.invoke(thread, called, Method::tcb_set_space, {0, 0}, {0, 0x41, 0x42});
        CHECK(answer.ok() == called_stays);
        CHECK(thread.state == (called_stays ? ThreadState::runnable : ThreadState::stopped));
        CHECK(thread.cap(TcbSlot::cspace).is_null());
        CHECK(thread.cap(TcbSlot::vspace).is_null());
    }
}

TEST_CASE("SetSchedParams stops where the keeper table that it takes away held the thread's last capability",
          "[lifetime]") {
    Replacing world;
    // The caller's last capability is in the thread's keeper table, the thread's in the caller's CSpace.
    const Word caller_cap = world.make_thread(50);
    const Word own = world.make(ObjectType::cnode, 4), table = world.make(ObjectType::cnode, 4);
    const auto put = [&](Word node, Word index, Word source) {
        REQUIRE(world.invoke(node, Method::cnode_mint, {index, 64, source, 64, 15, 0}, {at::cnode}).ok());
    };
    put(table, 1, caller_cap);
    put(own, 5, world.thread_cap);
    put(own, 6, at::tcb);
    const Word guard = abi::CNodeData(0, 56).raw();
    REQUIRE(world.invoke(caller_cap, Method::tcb_set_space, {guard, 0}, {world.nothing, own, at::vspace}).ok());
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_set_space, {0, 0}, {table, at::cnode, at::vspace}).ok());
    Tcb &caller = world.thread(caller_cap), &thread = world.thread(world.thread_cap);
    const uint8_t before = thread.priority;
    for (const Word cap : {own, table, caller_cap, world.thread_cap})
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {cap, 64}).ok());
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_priority, {40}, {at::tcb}).ok());
    world.run(caller);
    REQUIRE(world.is_running(caller));
    CHECK_FALSE(world.invoke(caller, 0x50, Method::tcb_set_sched_params, {7, 8}, {0x60, 0, 0}).ok());
    CHECK(caller.state == ThreadState::stopped);
    CHECK(thread.priority == before); // it is no thread any more
    CHECK(thread.mcp != 7);
}

TEST_CASE("SetSchedParams and SetTimeoutEndpoint give up a handler with a long queue in steps", "[lifetime]") {
    Replacing world;
    SECTION("SetSchedParams") {
        world.fill_handler(Method::tcb_set_sched_params);
        world.in_two_entries(world.thread_cap, Method::tcb_set_sched_params, {7, 8},
                             {at::tcb, world.nothing, world.endpoint});
        CHECK(world.thread(world.thread_cap).priority == 8);
        CHECK(world.thread(world.thread_cap).cap(TcbSlot::fault_handler).object() ==
              world.cap(world.endpoint).object());
    }
    SECTION("SetTimeoutEndpoint") {
        world.fill_handler(Method::tcb_set_timeout_endpoint);
        world.in_two_entries(world.thread_cap, Method::tcb_set_timeout_endpoint, {}, {world.endpoint});
        CHECK(world.thread(world.thread_cap).cap(TcbSlot::timeout_handler).object() ==
              world.cap(world.endpoint).object());
    }
}

TEST_CASE("SetIPCBuffer that has given up the old frame ends, though an interrupt waits", "[lifetime]") {
    Replacing world;
    const Word frame = world.make(ObjectType::frame_4k);
    world.look_after_steps(1);
    world.interrupt_at_look(1);
    world.put_message(world.root(), static_cast<Word>(Method::tcb_set_ipc_buffer), {0x7000}, {frame});
    CHECK(world.enter(world.root(), Syscall::call, world.thread_cap).ok());
    CHECK(world.thread(world.thread_cap).cap(TcbSlot::ipc_buffer).object() == world.cap(frame).object());
}

TEST_CASE("an interrupt handler gives up a notification with many waiters in steps", "[lifetime][irq]") {
    Replacing world;
    const Word handler = world.free_slot(), bell = world.make(ObjectType::notification);
    REQUIRE(world.invoke(at::irq_control, Method::irq_control_get_msi, {handler, 64, 0, 0, 0, 0, 3}, {at::cnode}).ok());
    for (int i = 0; i < 60; i++) {
        const Word waiter = world.make_thread(50);
        world.run(world.thread(waiter));
        world.receive(world.thread(waiter), bell, 0, Syscall::wait);
    }
    world.run(world.root());
    REQUIRE(world.invoke(handler, Method::irq_handler_set_notification, {}, {bell}).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {bell, 64}).ok());
    SECTION("Clear") { world.in_two_entries(handler, Method::irq_handler_clear, {}, {}); }
    SECTION("SetNotification") {
        const Word other = world.make(ObjectType::notification);
        world.in_two_entries(handler, Method::irq_handler_set_notification, {}, {other});
        world.device_interrupt(3);
        CHECK(world.notification(other).state == Notification::State::active);
    }
}

TEST_CASE("a Retype that clears much memory stops where an interrupt waits, and goes on", "[lifetime]") {
    Replacing world;
    const Word frame = world.free_slot();
    world.in_two_entries(at::untyped, Method::untyped_retype, {11, 0, 0, 0, frame, 1}, {at::cnode});
    CHECK(is_zero(window<void>(world.cap(frame).object()), bit(21)));
}

TEST_CASE("a Retype stops where an interrupt waits while it clears, and not while it makes its objects", "[lifetime]") {
    Replacing world;
    const Word node = world.make(ObjectType::cnode, 8);
    const Words words{1, 0, node, 64, 3, 200};
    world.interrupt_at_look(2);
    world.put_message(world.root(), static_cast<Word>(Method::untyped_retype), words, {at::cnode});
    CallResult answer = world.enter(world.root(), Syscall::call, at::untyped);
    unsigned entries = 1;
    for (; !answer.completed && entries < 100; entries++) {
        for (Word i = 3; i < 203; i++)
            REQUIRE(slots_of(world.cap(node))[i].is_empty());
        world.interrupt_at_look(2);
        answer = world.enter_again(world.root());
    }
    CHECK(answer.ok());
    world.no_interrupts();
    CHECK(entries > 2);
    PhysAddr previous{};
    for (Word i = 3; i < 203; i++) {
        const Capability& made = slots_of(world.cap(node))[i].cap;
        REQUIRE(made.is(CapType::tcb));
        CHECK((previous == PhysAddr{} || made.object() == previous + bit(abi::object_bits(ObjectType::tcb, 0))));
        previous = made.object();
    }
    CHECK(slots_of(world.cap(node))[203].is_empty());
    CHECK(slots_of(world.cap(node))[2].is_empty());
}

TEST_CASE("the first half of NBSendRecv may be preempted: the call as a whole is made again", "[lifetime]") {
    Replacing world;
    const Word frame = world.free_slot(), reply = world.make(ObjectType::reply);
    world.interrupt_at_look(1);
    world.put_message(world.root(), static_cast<Word>(Method::untyped_retype), {11, 0, 0, 0, frame, 1}, {at::cnode});
    world.root().context.r13 = at::untyped;
    world.root().context.r12 = reply;
    world.enter(world.root(), Syscall::nb_send_recv, world.endpoint);
    CHECK(world.root().state == ThreadState::runnable);
    CHECK(world.waits(world.root()));
    CHECK(world.cap(frame).is_null());
    world.no_interrupts();
    world.enter_again(world.root());
    CHECK(world.cap(frame).is(CapType::frame));
    CHECK(world.root().state == ThreadState::receiving);
}

TEST_CASE("what the first half of NBSendRecv cannot find or may not do vanishes, the second half happens", "[ipc]") {
    Replacing world;
    const Word reply = world.make(ObjectType::reply), bell = world.make(ObjectType::notification);
    const Word no_write = world.mint(world.endpoint, Rights::read()), deaf = world.mint(bell, Rights::read());
    for (Word destination : {bit(60), no_write, deaf, world.nothing, Word{at::sched_control}, Word{at::domain_set}}) {
        world.put_message(world.root(), 33, {20, 20, 0, 0, 0}, {at::sched_context});
        world.root().context.r13 = destination;
        world.root().context.r12 = reply;
        world.enter(world.root(), Syscall::nb_send_recv, world.endpoint);
        REQUIRE(world.root().state == ThreadState::receiving);
        const Word other = world.make_thread();
        world.run(world.thread(other));
        REQUIRE(world.send(world.thread(other), world.endpoint, 1).completed);
        REQUIRE(world.invoke(world.thread(other), other, Method::tcb_set_flags, {0, 0}).ok());
        world.run(world.root());
    }
    CHECK(world.notification(bell).state == Notification::State::idle);
    CHECK(world.context(at::sched_context).period.value == us(5000));
    // An extra capability that leads nowhere.
    world.put_message(world.root(), 0, {}, {bit(60)});
    world.root().context.r13 = bell;
    world.root().context.r12 = reply;
    world.enter(world.root(), Syscall::nb_send_recv, world.endpoint);
    CHECK(world.root().state == ThreadState::receiving);
    CHECK(world.notification(bell).state == Notification::State::idle);
}
