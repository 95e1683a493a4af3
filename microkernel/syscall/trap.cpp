// SPDX-License-Identifier: BSD-2-Clause
// Exceptions and interrupts: vector -> fault or signal.
#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <interrupt/irq_lines.hpp>
#include <ipc/fault.hpp>
#include <lib/count.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <syscall/syscall.hpp>

namespace kernel {
namespace {

void handle_interrupt(Word vector) {
    if (vector == x86::vector::timer)
        timer_fired();
    else if (vector - x86::vector::device_first < irq_line_count)
        deliver_irq(static_cast<unsigned>(vector - x86::vector::device_first));
    x86::lapic_end_of_interrupt();
}

/// Interrupts that arrived while the kernel was busy or idle.
void handle_pending() {
    for (unsigned word = 0; word < cpu.pending_vectors.size(); word++) {
        while (cpu.pending_vectors[word] != 0) {
            const unsigned index = lowest_bit(cpu.pending_vectors[word]);
            cpu.pending_vectors[word] &= ~bit(index);
            handle_interrupt(word * 64 + index);
        }
    }
}

FaultRecord fault_of(const Context& context, Word address) {
    if (context.origin == x86::vector::page_fault)
        return {abi::Fault::vm_fault, address, context.error_code};
    return {abi::Fault::user_exception, context.origin, context.error_code};
}

} // namespace

extern "C" void kernel_interrupt(Word vector) {
    cpu.pending_vectors[vector / 64 % 4] |= bit(vector % 64);
    cpu.unsettled = true;
}

extern "C" Context* trap_entry(Context* context) {
    const Word address = x86::read_cr2();
    count(Event::kernel_entry);
    if (context->origin >= x86::vector::exception_count) {
        may_enter();
        handle_interrupt(context->origin);
    } else if (may_enter()) {
        raise_fault(Tcb::of(*context), fault_of(*context, address));
    }
    return leave_kernel();
}

Context* settle() {
    for (;;) {
        handle_pending();
        schedule();
        if (cpu.current)
            return &cpu.current->context;
        x86::wait_for_interrupt();
        update_time();
    }
}

} // namespace kernel
