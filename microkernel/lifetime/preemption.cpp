// SPDX-License-Identifier: BSD-2-Clause
#include <lib/count.hpp>
#include <lifetime/preemption.hpp>
#include <sched/scheduler.hpp>

namespace kernel {

bool must_preempt() {
    cpu.steps = 0;
    let_interrupts_in();
    update_time();
    return cpu.interrupted || cpu.now > cpu.last_entry;
}

} // namespace kernel
