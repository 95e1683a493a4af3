// SPDX-License-Identifier: BSD-2-Clause
// Signals: to a waiter of higher priority, and with nobody waiting.
#include "measure.hpp"

#include <sys/cap/notification.hpp>

namespace bench {
namespace {

constinit Thread waiter_thread{};

void wait_for_signals(Word notification) {
    for (;;) {
        sys::raw::Registers message{.target = notification};
        stamped_syscall(abi::Syscall::wait, message, 0, shared.server);
        note(shared.server_events);
    }
}

void stamped_signal(sys::Notification notification) {
    sys::raw::Registers message{.target = notification.slot()};
    note(shared.client_events);
    stamped_syscall(abi::Syscall::send, message, 0, shared.client);
}

} // namespace

void measure_signals(World& world, sys::VSpace space) {
    const auto waited_for = world.make<sys::Notification>();
    start(world, waiter_thread, space, world.make_context(), server_priority, {}, wait_for_signals, waited_for.slot());
    Figure wake("signal.wake");
    for (unsigned i = 0; i < all_rounds; i++) {
        stamped_signal(waited_for);
        wake.add(i, shared.server.after - shared.client.before - syscall_clock_cost, shared.client_events,
                 shared.server_events);
    }
    wake.print();

    const auto idle = world.make<sys::Notification>();
    Figure signal("signal.idle");
    for (unsigned i = 0; i < all_rounds; i++) {
        stamped_signal(idle);
        Events after{};
        note(after);
        signal.add(i, shared.client.after - shared.client.before - syscall_clock_cost, shared.client_events, after);
        static_cast<void>(idle.poll());
    }
    signal.print();
}

} // namespace bench
