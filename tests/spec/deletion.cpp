// SPDX-License-Identifier: BSD-2-Clause
#include <spec/deletion.hpp>

#include <spec/address_space.hpp>
#include <spec/endpoint.hpp>
#include <spec/notification.hpp>
#include <spec/reply.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>
#include <spec/thread.hpp>

namespace spec {
namespace {

void destroy_thread(System& system, Thread& thread) {
    stop(system, thread);
    unbind(thread);
    if (SchedContext* const context = thread.context) {
        if (context->yielded_from)
            end_yield(system, *context->yielded_from);
        take_context(system, thread);
    }
    for (unsigned i = thread_slot_count; i-- > 0;)
        delete_capability(system, thread.slots[i]);
}

void destroy(System& system, const Capability& cap) {
    switch (cap.type) {
    case Type::tcb: destroy_thread(system, object_of<Thread>(cap)); break;
    case Type::cnode: {
        auto& slots = object_of<CNode>(cap).slots;
        for (auto slot = slots.rbegin(); slot != slots.rend(); ++slot)
            delete_capability(system, slot->second);
        break;
    }
    case Type::endpoint: cancel_all(system, object_of<Endpoint>(cap)); break;
    case Type::notification: {
        Notification& notification = object_of<Notification>(cap);
        if (notification.context)
            notification.context->notification = nullptr;
        if (notification.bound)
            unbind(*notification.bound);
        cancel_all(system, notification);
        break;
    }
    case Type::sched_context: unbind_all(system, object_of<SchedContext>(cap)); break;
    case Type::reply: destroy_reply(system, object_of<Reply>(cap)); break;
    case Type::page_table:
    case Type::page_directory:
    case Type::pdpt: unmap(system, cap); break;
    case Type::pml4: forget_space(system, object_of<Table>(cap)); break;
    case Type::asid_pool: forget_pool(system, object_of<AsidPool>(cap)); break;
    case Type::irq_handler: {
        IrqLine& line = object_of<IrqLine>(cap);
        system.set_pin(line, true);
        delete_capability(system, line.handler);
        break;
    }
    default: break;
    }
    system.forget(*cap.object);
}

/// A thread loses its address space or its fault handler: with it ends the authority to answer its fault with mappings.
void note_change(System& system, const Slot& slot) {
    const auto holder = system.objects.find(slot.place.holder);
    const bool counts = slot.place.index == vspace || slot.place.index == fault_handler;
    if (counts && holder != system.objects.end() && holder->second->type == Type::tcb)
        static_cast<Thread&>(*holder->second).keeping.authority_ended = true;
}

} // namespace

void delete_capability(System& system, Slot& slot) {
    if (slot.empty())
        return;
    const Capability cap = slot.cap;
    if (cap.is(Type::frame))
        unmap(system, cap);
    note_change(system, slot);
    remove(slot);
    if (cap.object && cap.object->capabilities == 0)
        destroy(system, cap);
}

void revoke(System& system, Slot& slot) {
    while (has_children(slot))
        delete_capability(system, *slot.children.front());
}

} // namespace spec
