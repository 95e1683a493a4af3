// SPDX-License-Identifier: BSD-2-Clause
// A device's interrupt, from the program that it hits to the thread that waits for it. The device is the PIT (Intel 8254),
// counting down once a round.
#include "measure.hpp"

#include <sys/cap/io_port.hpp>
#include <sys/cap/irq.hpp>
#include <sys/cap/notification.hpp>

namespace bench {
namespace {

constexpr uint16_t channel_0 = 0x40, command = 0x43;
constexpr uint8_t count_down_once = 0x30; ///< channel 0, low and high byte, mode 0
constexpr uint16_t countdown = 1000;
constexpr Word pit_pin = 2; ///< of the first I/O APIC, where PCs have the PIT
constexpr Word vector = 5;

struct Pit {
    Word ports;
    Word handler;
    Word notification;
};
constinit Pit pit{};
constinit Thread driver_thread{};
constinit bool done = false;

/// Has the PIT interrupt once, waits for that, and looks at where the clock stood in the program that was interrupted.
void drive(Word) {
    const sys::IoPorts ports(pit.ports);
    Figure interrupts("irq.user");
    for (unsigned i = 0; i < all_rounds; i++) {
        must("command", ports.out8(command, count_down_once));
        must("count", ports.out8(channel_0, countdown & 255));
        must("count", ports.out8(channel_0, countdown >> 8));
        must("acknowledge", sys::IrqHandler(pit.handler).acknowledge());
        sys::raw::Registers message{.target = pit.notification};
        note(shared.client_events);
        stamped_syscall(abi::Syscall::wait, message, 0, shared.server);
        note(shared.server_events);
        shared.client_events[0] += 1; // the wait itself is an entry
        interrupts.add(i, shared.server.after - shared.client.before - touch_clock_cost, shared.client_events,
                       shared.server_events);
    }
    interrupts.print();
    done = true;
    for (;;)
        must("driver", driver_thread.tcb.suspend());
}

} // namespace

void measure_interrupts(World& world, sys::VSpace space) {
    const auto notification = world.make<sys::Notification>();
    pit = {world.next_slot(), world.next_slot(), notification.slot()};
    must("ports",
         sys::IoPortControl(abi::root_slot::io_port_control).issue(channel_0, command, world.cnode().at(pit.ports)));
    must("handler", sys::IrqControl(abi::root_slot::irq_control)
                        .get_ioapic(world.cnode().at(pit.handler), {.pin = pit_pin}, vector));
    must("notification", sys::IrqHandler(pit.handler).set_notification(notification));
    start(world, driver_thread, space, world.make_context(), server_priority, {}, drive, 0);
    while (!*const_cast<volatile bool*>(&done))
        stamp_now(shared.client);
}

} // namespace bench
