// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/instructions.hpp>
#include <lifetime/preemption.hpp>
#include <sched/scheduler.hpp>

namespace kernel {
namespace {

/// A step takes up to about 150 instructions; the longest stretch without interrupts shall stay below 5,000.
constexpr unsigned steps_between_looks = 24;
constinit unsigned steps = 0;

} // namespace

bool must_preempt() {
    steps = 0;
    x86::interrupt_window();
    update_time();
    return cpu.interrupted || cpu.now > cpu.last_entry;
}

bool preemption_point() { return ++steps >= steps_between_looks && must_preempt(); }

} // namespace kernel
