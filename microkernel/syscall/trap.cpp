// SPDX-License-Identifier: BSD-2-Clause
// Exceptions and interrupts: vector -> fault or signal.
#include <arch/x86_64/interrupt/lapic.hpp>
#include <interrupt/irq_lines.hpp>
#include <ipc/fault.hpp>
#include <paging_ring.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <syscall/syscall.hpp>

namespace kernel {
namespace {

void handle_interrupt(Word vector) {
    if (vector == x86::vector::timer)
        timer_fired();
    else
        deliver_irq(static_cast<unsigned>(vector - x86::vector::device_first));
    x86::lapic_end_of_interrupt();
}

/// Interrupts that arrived while the kernel was busy or idle.
void handle_pending() {
    cpu.interrupted = false;
    for (unsigned word = 0; word < cpu.pending_vectors.size(); word++) {
        while (cpu.pending_vectors[word] != 0) {
            const unsigned index = lowest_bit(cpu.pending_vectors[word]);
            cpu.pending_vectors[word] &= ~bit(index);
            handle_interrupt(word * 64 + index);
        }
    }
}

/// Nothing to run: sleeps until an interrupt brings something.
void idle() {
    while (!cpu.current) {
        leave();
        x86::wait_for_interrupt();
        enter();
        update_time();
        handle_pending();
        schedule();
    }
}

} // namespace

extern "C" void kernel_interrupt(Word vector) {
    cpu.pending_vectors[vector / 64 % 4] |= bit(vector % 64);
    cpu.interrupted = cpu.unsettled = true;
}

Context* slow_fault(Tcb& thread, const FaultRecord& fault) {
    if (may_enter()) {
        note_trap(thread, fault);
        raise_fault(thread, fault);
    }
    return leave_kernel();
}

extern "C" Context* interrupt_entry(Context* context) {
    enter();
    may_enter();
    handle_interrupt(context->origin);
    return leave_kernel();
}

Context* settle() {
    if (cpu.interrupted) [[unlikely]]
        handle_pending();
    schedule();
    if (!cpu.current) [[unlikely]]
        idle();
    return &cpu.current->context;
}

} // namespace kernel
