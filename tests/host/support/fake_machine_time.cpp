// SPDX-License-Identifier: BSD-2-Clause
// Time and the timer of the simulated machine, and when long operations look for interrupts.
#include <support/fake_machine.hpp>

#include <lifetime/preemption.hpp>

#include <algorithm>

namespace test {

using x86::simulated;

void FakeMachine::fire_timer() {
    const Word deadline = timer();
    if (deadline == ~Word{0})
        return;
    simulated.tsc = std::max(simulated.tsc, deadline);
    simulated.msrs[0x6e0] = 0; // SDM Vol. 3A, "TSC-Deadline Mode": it disarms itself
    interrupt(x86::vector::timer);
}

bool FakeMachine::runs_within_us(const Tcb& thread, Word microseconds) {
    const Word end = now() + us(microseconds);
    while (!is_running(thread) && timer() <= end)
        fire_timer();
    return is_running(thread);
}

void FakeMachine::run_for_us(Word microseconds) {
    const Word end = now() + us(microseconds);
    while (timer() < end)
        fire_timer();
    simulated.tsc = end;
}

void FakeMachine::interrupt_at_look(unsigned n) {
    simulated.on_interrupt_window = [left = n]() mutable {
        if (left > 0 && --left == 0)
            simulated.pending_interrupts.push_back(x86::vector::timer);
    };
}

void FakeMachine::no_interrupts() { simulated.on_interrupt_window = nullptr; }

void FakeMachine::look_after_steps(unsigned steps) {
    constexpr unsigned steps_between_looks = 16;
    const auto hook = std::exchange(simulated.on_interrupt_window, nullptr);
    must_preempt();
    for (unsigned i = steps; i < steps_between_looks; i++)
        preemption_point();
    simulated.on_interrupt_window = hook;
}

} // namespace test
