// SPDX-License-Identifier: BSD-2-Clause
// The ticker thread shares init's address space and CSpace.
#include <init/ticker.hpp>

namespace init {

namespace {

constexpr sys::Microseconds period{10'000};
constexpr sys::Microseconds budget{1'000};
constexpr uint8_t ticker_priority = 255;

constinit volatile bool ticking = false;
constinit sys::Notification wake;   ///< the thread waits here while nothing is pending
constinit sys::Notification signal_target;
constinit sys::raw::ThreadBlock thread_block;
alignas(16) constinit uint8_t stack[8192] = {};

void yield() {
    sys::raw::Registers registers;
    sys::raw::enter(abi::Syscall::yield, registers);
}

/// Yield gives up the rest of the budget: the thread goes on one period later.
[[noreturn, gnu::force_align_arg_pointer]] void tick() {
    for (;;) {
        if (!ticking)
            static_cast<void>(wake.wait());
        yield();
        if (ticking)
            signal_target.signal();
    }
}

} // namespace

Result<void> Ticker::start(OwnMemory& memory, const Services& services, sys::Notification signal) {
    signal_target = signal;
    wake = sys::Notification(TRY(memory.make(abi::ObjectType::notification)));
    thread_block.self = &thread_block;
    const sys::Tcb thread(TRY(memory.make(abi::ObjectType::tcb)));
    const sys::SchedContext context(TRY(memory.make(abi::ObjectType::sched_context, 8)));
    TRY(services.sched_control.configure(context, {.budget = budget, .period = period}));
    return thread.spawn({.cspace = own_cnode,
                         .cspace_data = 0,
                         .vspace = sys::VSpace(abi::root_slot::vspace),
                         .fault_handler = sys::Object(),
                         .sched_context = context,
                         .ipc_buffer_frame = sys::Frame(),
                         .ipc_buffer = 0,
                         .authority = services.authority,
                         .priority = {ticker_priority},
                         .max_controlled_priority = {ticker_priority},
                         .entry = reinterpret_cast<Word>(&tick),
                         .stack_pointer = reinterpret_cast<Word>(stack + sizeof(stack)),
                         .argument = 0,
                         .fs_base = reinterpret_cast<Word>(&thread_block)});
}

void Ticker::set_running(bool running) {
    if (ticking == running)
        return;
    ticking = running;
    if (running)
        wake.signal();
}

} // namespace init
