// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <interrupt/irq_lines.hpp>
#include <ipc/endpoint_ipc.hpp>
#include <ipc/notification_ipc.hpp>
#include <ipc/reply_stack.hpp>
#include <lifetime/finalise.hpp>
#include <lifetime/thread_space.hpp>
#include <mem/direct_map.hpp>
#include <object/io_ports.hpp>
#include <sched/scheduler.hpp>
#include <sched/switch.hpp>
#include <sched/yield.hpp>
#include <space/address_space.hpp>
#include <space/mapping.hpp>

namespace kernel {
namespace {

bool end_notification(Notification& notification) {
    if (release_one(notification))
        return false;
    if (notification.bound)
        unbind_notification(*notification.bound);
    if (notification.sched_context)
        notification.sched_context->notification = nullptr;
    notification.sched_context = nullptr;
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
        thread->fault = {};
        thread->state = ThreadState::stopped;
    } else {
        cancel_ipc(*thread);
    }
}

void end_sched_context(SchedContext& context) {
    if (context.yielded_from)
        complete_yield(*context.yielded_from);
    unbind_context(context);
    if (context.notification)
        context.notification->sched_context = nullptr;
    context.notification = nullptr;
    if (context.top_reply)
        context.top_reply->set_next(nullptr);
    context.top_reply = nullptr;
    if (cpu.context == &context) {
        cpu.context = nullptr;
        cpu.last_entry = never; // there is no budget left to end
        reschedule();
    }
}

void end_thread(Tcb& thread) {
    suspend(thread);
    unbind_notification(thread);
    if (SchedContext* context = thread.sched_context) {
        if (context->yielded_from)
            complete_yield(*context->yielded_from);
        unbind_context(*context);
    }
    forget_loaded(thread);
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
        unmap_frame(cap);
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
    case CapType::pdpt: unmap_table(cap); return true;
    case CapType::pml4:
        if (is_live_space(cap))
            end_space(cap.asid());
        return true;
    case CapType::asid_pool: end_pool(cap.pool_index()); return true;
    case CapType::irq_handler: return end_irq_handler(cap.irq_vector());
    case CapType::io_port: free_ports(cap.first_port(), cap.last_port()); return true;
    case CapType::null:
    case CapType::untyped:
    case CapType::cnode:
    case CapType::frame:
    case CapType::zombie:
    case CapType::outer_zombie:
    case CapType::irq_control:
    case CapType::io_port_control:
    case CapType::sched_control:
    case CapType::asid_control:
    case CapType::domain_set: return true;
    }
    return true;
}

} // namespace kernel
