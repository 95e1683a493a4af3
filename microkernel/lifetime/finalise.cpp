// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <interrupt/irq_lines.hpp>
#include <ipc/notification_ipc.hpp>
#include <ipc/reply_stack.hpp>
#include <lifetime/finalise.hpp>
#include <lifetime/thread_space.hpp>
#include <object/io_ports.hpp>
#include <paging_ring.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <space/mapping.hpp>

namespace kernel {
namespace {

bool end_notification(Notification& notification) {
    if (release_one(notification))
        return false;
    if (notification.bound)
        unbind_notification(*notification.bound);
    if (notification.sched_context)
        unbind_lender(*notification.sched_context);
    return true;
}

void end_reply(Reply& reply) {
    Tcb* const thread = reply.thread;
    if (!thread)
        return;
    if (thread->fault.type == abi::Fault::keeper_fault) {
        recall(reply);
    } else if (thread->state == ThreadState::awaiting_reply) {
        pop_reply(reply);
        note_kill(*thread, abi::PagingCause::recalled);
        thread->fault = {};
        thread->state = ThreadState::stopped;
    } else {
        cancel_ipc(*thread);
    }
}

void end_sched_context(SchedContext& context) {
    unbind_all(context);
    if (cpu.context == &context) {
        cpu.context = nullptr;
        cpu.last_entry = never; // there is no budget left to end
        reschedule();
    }
}

void end_thread(Tcb& thread) {
    suspend(thread);
    unbind_notification(thread);
    if (thread.sched_context)
        unbind_thread(*thread.sched_context);
    if (cpu.loaded == &thread)
        cpu.loaded = nullptr; // nothing is saved into what is no thread any more
    if (cpu.current == &thread) {
        cpu.current = nullptr;
        reschedule();
    }
}

/// The line may hold the last capability to its notification.
bool end_irq_handler(unsigned line) {
    Slot& handler = kernel_state.irqs[line].handler;
    if (handler.cap.is(CapType::notification) && is_final(handler) &&
        !end_notification(*window<Notification>(handler.cap.object())))
        return false;
    free_irq_line(line);
    return true;
}

} // namespace

bool finalise_step(Slot& slot, bool final) {
    const Capability cap = slot.cap;
    if (slot.is_in_thread())
        forget_capability(slot);
    if (cap.is(CapType::frame)) {
        unmap(cap);
        return true;
    }
    if (!final)
        return true;
    switch (cap.type()) {
    case CapType::endpoint: return !release_one(*window<Endpoint>(cap.object()));
    case CapType::notification: return end_notification(*window<Notification>(cap.object()));
    case CapType::reply: end_reply(*window<Reply>(cap.object())); return true;
    case CapType::tcb: end_thread(*window<Tcb>(cap.object())); return true;
    case CapType::sched_context: end_sched_context(*window<SchedContext>(cap.object())); return true;
    case CapType::page_table:
    case CapType::page_directory:
    case CapType::pdpt: unmap(cap); return true;
    case CapType::pml4:
        if (is_live_space(cap))
            end_space(cap.asid());
        return true;
    case CapType::asid_pool: end_pool(cap.pool_index()); return true;
    case CapType::irq_handler: return end_irq_handler(cap.irq_vector());
    case CapType::io_port: free_ports(cap.first_port(), cap.last_port()); return true;
    default: return true;
    }
}

} // namespace kernel
