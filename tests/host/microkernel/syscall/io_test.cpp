// SPDX-License-Identifier: BSD-2-Clause
// Interrupt handlers and I/O ports, by system calls and what reaches the simulated devices.
#include <support/fake_machine.hpp>

using namespace test;

namespace {

struct Devices : FakeMachine {
    Word handler = free_slot();
    Word bell = make(ObjectType::notification);

    CallResult get_ioapic(const Words& words, Word root = at::cnode) {
        return invoke(at::irq_control, Method::irq_control_get_ioapic, words, {root});
    }
    CallResult get_msi(const Words& words) {
        return invoke(at::irq_control, Method::irq_control_get_msi, words, {at::cnode});
    }
    CallResult issue(Word first, Word last, Word to, Word depth = 64) {
        return invoke(at::io_port_control, Method::io_port_control_issue, {first, last, to, depth}, {at::cnode});
    }
    /// Low word of the redirection entry of a pin.
    static Word redirection(Word pin) { return ioapic_register(static_cast<uint32_t>(0x10 + 2 * pin)); }
    static bool is_masked(Word pin) { return redirection(pin) >> 16 & 1; }
};

} // namespace

TEST_CASE("GetIOAPIC: vector, whether it is in use, destination, then the pin; the pin is unmasked", "[irq]") {
    Devices world;
    constexpr Word missing_root = 1;
    CHECK(world.invoke(at::irq_control, Method::irq_control_get_ioapic, {0, 0, 0, 0, 0, 0}, {at::cnode}) ==
          Error::truncated_message);
    CHECK(world.get_ioapic({at::tcb, 64, 9, 99, 9, 9, 108}).is(Error::range_error, {0, 107}));
    CHECK(world.get_ioapic({world.handler, 64, 0, 3, 0, 1, 7}).ok());
    CHECK(world.get_ioapic({at::tcb, 64, 9, 99, 9, 9, 7}) == Error::revoke_first);
    CHECK(world.get_ioapic({at::tcb, 64, 9, 99, 9, 9, 8}, at::tcb).is(Error::failed_lookup, {0, missing_root}));
    CHECK(world.get_ioapic({at::tcb, 64, 9, 99, 9, 9, 8}) == Error::delete_first);
    const Word other = world.free_slot();
    CHECK(world.get_ioapic({other, 64, 1, 99, 9, 9, 8}).is(Error::range_error, {0, 0}));
    CHECK(world.get_ioapic({other, 64, 0, 24, 9, 9, 8}).is(Error::range_error, {0, 23}));
    CHECK(world.get_ioapic({other, 64, 0, 23, 2, 9, 8}).is(Error::range_error, {0, 1}));
    CHECK(world.get_ioapic({other, 64, 0, 23, 1, 2, 8}).is(Error::range_error, {0, 1}));
    CHECK(world.get_ioapic({other, 64, 0, 23, 1, 0, 107}).ok());
    CHECK((Devices::redirection(3) & 0x1'ffff) == ((48 + 7) | 1 << 13));
    CHECK((Devices::redirection(23) & 0x1'ffff) == ((48 + 107) | 1 << 15));
    CHECK(world.invoke(at::irq_control, Method::irq_control_get, {1, 0, 64}, {at::cnode}) == Error::illegal_operation);
}

TEST_CASE("GetMSI: vector, destination, then bus, device, function; nothing is masked", "[irq]") {
    Devices world;
    CHECK(world.get_msi({world.handler, 64, 0, 0, 0, 0, 108}).is(Error::range_error, {0, 107}));
    CHECK(world.get_msi({at::tcb, 64, 256, 32, 8, 0, 3}) == Error::delete_first);
    CHECK(world.get_msi({world.handler, 64, 256, 32, 8, 0, 3}).is(Error::range_error, {0, 255}));
    CHECK(world.get_msi({world.handler, 64, 255, 32, 8, 0, 3}).is(Error::range_error, {0, 31}));
    CHECK(world.get_msi({world.handler, 64, 255, 31, 8, 0, 3}).is(Error::range_error, {0, 7}));
    CHECK(world.get_msi({world.handler, 64, 255, 31, 7, 0, 3}).ok());
    CHECK(world.get_msi({world.free_slot(), 64, 0, 0, 0, 0, 3}) == Error::revoke_first);
    REQUIRE(world.invoke(world.handler, Method::irq_handler_set_notification, {}, {world.bell}).ok());
    const size_t writes = x86::simulated.mmio_writes.size();
    for (int i = 0; i < 2; i++) {
        world.device_interrupt(3);
        CHECK(world.receive(world.root(), world.bell, 0, Syscall::nb_wait).completed);
    }
    REQUIRE(world.invoke(world.handler, Method::irq_handler_ack).ok());
    // The local APIC heard the end of two interrupts, no I/O APIC anything.
    CHECK(x86::simulated.mmio_writes.size() == writes + 2);
    CHECK(world.invoke(at::cnode, Method::cnode_delete, {world.handler, 64}).ok());
    CHECK(world.get_msi({world.handler, 64, 0, 0, 0, 0, 3}).ok());
}

TEST_CASE("an interrupt signals with the badge of the capability given, and masks its pin until Ack", "[irq]") {
    for (Word level : {0, 1}) {
        Devices world;
        REQUIRE(world.get_ioapic({world.handler, 64, 0, 5, level, 0, 9}).ok());
        const Word badged = world.mint(world.bell, Rights::write(), 0x40);
        CHECK(world.invoke(world.handler, Method::irq_handler_set_notification) == Error::truncated_message);
        CHECK(world
                  .invoke(world.handler, Method::irq_handler_set_notification, {},
                          {world.mint(world.bell, Rights::read())})
                  .is(Error::invalid_capability, {0}));
        CHECK(world.invoke(world.handler, Method::irq_handler_set_notification, {}, {at::tcb})
                  .is(Error::invalid_capability, {0}));
        REQUIRE(world.invoke(world.handler, Method::irq_handler_set_notification, {}, {badged}).ok());
        CHECK_FALSE(Devices::is_masked(5));
        world.device_interrupt(9);
        CHECK(Devices::is_masked(5));
        CHECK(world.receive(world.root(), world.bell, 0, Syscall::nb_wait).completed);
        CHECK(world.root().context.rdi == 0x40);
        REQUIRE(world.invoke(world.handler, Method::irq_handler_ack).ok());
        CHECK_FALSE(Devices::is_masked(5));
        // Another notification takes its place; then none.
        const Word other = world.make(ObjectType::notification);
        REQUIRE(world.invoke(world.handler, Method::irq_handler_set_notification, {}, {other}).ok());
        world.device_interrupt(9);
        CHECK(world.notification(other).state == Notification::State::active);
        CHECK(world.notification(world.bell).state == Notification::State::idle);
        REQUIRE(world.invoke(world.handler, Method::irq_handler_ack).ok());
        REQUIRE(world.invoke(world.handler, Method::irq_handler_clear).ok());
        world.device_interrupt(9);
        CHECK(Devices::is_masked(5));
        CHECK(world.notification(world.bell).state == Notification::State::idle);
        CHECK(world.call(world.root(), world.handler, 30) == Error::illegal_operation);
    }
}

TEST_CASE("deleting the last handler masks the pin and frees the vector", "[irq]") {
    Devices world;
    REQUIRE(world.get_ioapic({world.handler, 64, 0, 5, 1, 0, 9}).ok());
    REQUIRE(world.invoke(world.handler, Method::irq_handler_set_notification, {}, {world.bell}).ok());
    const Word copy = world.free_slot();
    REQUIRE(world.invoke(at::cnode, Method::cnode_copy, {copy, 64, world.handler, 64, 15}, {at::cnode}).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.handler, 64}).ok());
    CHECK_FALSE(Devices::is_masked(5));
    CHECK(world.get_ioapic({world.handler, 64, 0, 6, 0, 0, 9}) == Error::revoke_first);
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {copy, 64}).ok());
    CHECK(Devices::is_masked(5));
    world.device_interrupt(9);
    CHECK(world.notification(world.bell).state == Notification::State::idle);
    CHECK(world.get_ioapic({world.handler, 64, 0, 6, 0, 0, 9}).ok());
}

TEST_CASE("a handler holds its notification as an ordinary child", "[irq]") {
    Devices world;
    REQUIRE(world.get_ioapic({world.handler, 64, 0, 5, 0, 0, 9}).ok());
    REQUIRE(world.invoke(world.handler, Method::irq_handler_set_notification, {}, {world.bell}).ok());
    SECTION("revoked") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.bell, 64}).ok());
        world.device_interrupt(9);
        CHECK(world.notification(world.bell).state == Notification::State::idle);
    }
    SECTION("it may be the last one, with waiters: they try again when the handler is cleared") {
        world.receive(world.root(), world.bell, 0, Syscall::wait);
        const Word other = world.make_thread();
        world.run(world.thread(other));
        REQUIRE(world.invoke(world.thread(other), at::cnode, Method::cnode_delete, {world.bell, 64}).ok());
        CHECK(world.root().state == ThreadState::waiting);
        REQUIRE(world.invoke(world.thread(other), world.handler, Method::irq_handler_clear).ok());
        CHECK(world.root().state == ThreadState::runnable);
        CHECK(world.waits(world.root()));
    }
    SECTION("given to the handler from the handler's own last place, nothing is left to give") {
        REQUIRE(world.invoke(world.handler, Method::irq_handler_set_notification, {}, {world.bell}).ok());
        world.device_interrupt(9);
        CHECK(world.notification(world.bell).state == Notification::State::active);
    }
}

TEST_CASE("an interrupt without a handler does no harm", "[irq]") {
    Devices world;
    world.device_interrupt(50);
    CHECK(world.is_running(world.root()));
}

TEST_CASE("Issue: the order of ports, overlap, destination; 16 bits of a number count", "[ports]") {
    Devices world;
    const Word ports = world.free_slot(), more = world.free_slot();
    CHECK(world.invoke(at::io_port_control, Method::io_port_control_issue, {1, 2, 3}, {at::cnode}) ==
          Error::truncated_message);
    CHECK(world.invoke(at::io_port_control, Method::io_port_in8, {1}) == Error::illegal_operation);
    CHECK(world.issue(0x61, 0x60, at::tcb).is(Error::invalid_argument, {1}));
    CHECK(world.issue(0x60, 0x1'0064, ports).ok());
    for (auto [first, last] : {std::pair<Word, Word>{0x64, 0x70}, {0x50, 0x60}, {0x62, 0x62}, {0, 0xffff}})
        CHECK(world.issue(first, last, at::tcb) == Error::revoke_first);
    CHECK(world.issue(0x65, 0x65, at::tcb) == Error::delete_first);
    CHECK(world.issue(0x65, 0x65, more, 0).is(Error::range_error, {1, 64}));
    CHECK(world.issue(0x65, 0xffff, more).ok());
    CHECK(world.issue(0, 0x5f, world.free_slot()).ok());
    // A range over several words of the map is free again with its last capability.
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {more, 64}).ok());
    CHECK(world.issue(0x65, 0x65, more).ok());
    CHECK(world.issue(0x66, 0xfffe, world.free_slot()).ok());
    CHECK(world.issue(0xffff, 0xffff, world.free_slot()).ok());
}

TEST_CASE("In and Out of each width, wholly inside the range", "[ports]") {
    Devices world;
    const Word ports = world.free_slot();
    REQUIRE(world.issue(0x100, 0x105, ports).ok());
    struct Access {
        Method in, out;
        unsigned bits;
        Word value;
    };
    for (const Access& access : {Access{Method::io_port_in8, Method::io_port_out8, 8, 0xa5},
                                 Access{Method::io_port_in16, Method::io_port_out16, 16, 0xa5a6},
                                 Access{Method::io_port_in32, Method::io_port_out32, 32, 0xa5a6'a7a8}}) {
        const Word bytes = access.bits / 8;
        x86::simulated.port_input[0x100] = {static_cast<uint32_t>(access.value)};
        CHECK(world.invoke(ports, access.in) == Error::truncated_message);
        CHECK(world.invoke(ports, access.out, {0x100}) == Error::truncated_message);
        CHECK(world.invoke(ports, access.in, {0x100}).words == Words{access.value});
        CHECK(world.invoke(ports, access.in, {0x1'0100}).words == Words{access.value});
        CHECK(world.invoke(ports, access.in, {0xff}) == Error::illegal_operation);
        CHECK(world.invoke(ports, access.in, {0x106 - bytes}).ok());
        CHECK(world.invoke(ports, access.in, {0x107 - bytes}) == Error::illegal_operation);
        x86::simulated.port_writes.clear();
        CHECK(world.invoke(ports, access.out, {0x107 - bytes, 1}) == Error::illegal_operation);
        CHECK(x86::simulated.port_writes.empty());
        CHECK(world.invoke(ports, access.out, {0x102, bit(40) | access.value}).ok());
        CHECK(x86::simulated.port_writes ==
              std::vector{x86::SimulatedCpu::PortWrite{0x102, access.bits, static_cast<uint32_t>(access.value)}});
    }
    CHECK(world.call(world.root(), ports, 57) == Error::illegal_operation);
}

TEST_CASE("the last port reaches no further", "[ports]") {
    Devices world;
    const Word ports = world.free_slot();
    REQUIRE(world.issue(0xfffe, 0xffff, ports).ok());
    CHECK(world.invoke(ports, Method::io_port_in16, {0xfffe}).ok());
    CHECK(world.invoke(ports, Method::io_port_in16, {0xffff}) == Error::illegal_operation);
    CHECK(world.invoke(ports, Method::io_port_in32, {0xfffe}) == Error::illegal_operation);
}
