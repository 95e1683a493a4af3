// SPDX-License-Identifier: BSD-2-Clause
// The ticker thread shares init's address space and CSpace.
#include <init/ticker.hpp>

#include <init/thread.hpp>

namespace init {

namespace {

constexpr sys::Microseconds period{10'000};
constexpr sys::Microseconds budget{1'000};
constexpr uint8_t ticker_priority = 255;

constinit volatile bool ticking = false;
constinit sys::Notification wake;   ///< the thread waits here while nothing is pending
constinit sys::Notification signal_target;
constinit Thread thread;

/// Yield gives up the rest of the budget: the thread goes on one period later.
[[noreturn, gnu::force_align_arg_pointer]] void tick() {
    for (;;) {
        if (!ticking)
            static_cast<void>(wake.wait());
        sys::yield();
        if (ticking)
            signal_target.signal();
    }
}

} // namespace

Result<void> Ticker::start(OwnMemory& memory, SpaceBuilder& own_space, const Services& services,
                           sys::Notification signal) {
    signal_target = signal;
    wake = sys::Notification(TRY(memory.make(abi::ObjectType::notification)));
    const sys::SchedContext context(TRY(memory.make(abi::ObjectType::sched_context, 8)));
    TRY(services.sched_control.configure(context, {.budget = budget, .period = period}));
    constexpr Word buffer = 0x13'0000'4000;
    return thread.start(memory, own_space, services,
                        {.entry = tick, .priority = ticker_priority, .buffer = buffer, .context = context});
}

void Ticker::set_running(bool running) {
    if (ticking == running)
        return;
    ticking = running;
    if (running)
        wake.signal();
}

} // namespace init
