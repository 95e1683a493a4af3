// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <check/invariants.hpp>
#include <check/memory_order.hpp>
#include <check/rules.hpp>
#include <mem/direct_map.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <object/sched_context.hpp>
#include <system.hpp>

namespace kernel {
namespace {

// Too large for the stack.
constinit MemoryOrder memory{};
constinit Census census{};

/// An object, by the first of its capabilities.
Sound check_object(const Slot& slot) {
    const Capability& cap = slot.cap;
    const PhysAddr object = cap.object();
    switch (cap.type()) {
    case CapType::cnode: return check_slots(window<Slot>(object), bit(cap.radix()), Place::cnode, census);
    case CapType::tcb: return check_thread(*window<Tcb>(object), census);
    case CapType::endpoint: return check_endpoint(*window<Endpoint>(object), census);
    case CapType::notification: return check_notification(*window<Notification>(object), census);
    case CapType::reply: return check_reply(*window<Reply>(object), census);
    case CapType::sched_context: return check_context(*window<SchedContext>(object), cap.size_bits(), census);
    case CapType::pml4: return check_space(cap, census);
    case CapType::page_table:
    case CapType::page_directory:
    case CapType::pdpt: return check_structure(cap, census);
    case CapType::zombie:
    case CapType::outer_zombie: return check_zombie(slot, census);
    case CapType::asid_pool: census.pools.here++; return sound;
    case CapType::irq_handler: census.lines.here++; return sound;
    case CapType::io_port: census.ports.here += cap.last_port() - cap.first_port() + Word{1}; return sound;
    default: return sound;
    }
}

/// Every capability that there is, in the order of the list.
Sound check_all_capabilities() {
    for (const Slot* slot = kernel_state.capabilities.next(); slot; slot = slot->next()) {
        TRY(check_capability(*slot, census));
        const Slot& previous = *slot->previous();
        if (same_object(previous, *slot)) {
            TRY(check_copy(previous, *slot));
        } else {
            if (has_memory(slot->cap.type()))
                TRY(memory.enter(*slot));
            TRY(check_object(*slot));
        }
        if (slot->cap.is(CapType::frame))
            TRY(check_frame(*slot, census));
    }
    return sound;
}

Sound check_all() {
    census = {};
    memory.start();
    TRY(check_all_capabilities());
    TRY(check_scheduler(census));
    TRY(check_devices(census));
    TRY(check_kernel_space());
    TRY(check_balance(census));
    TRY(check_cpu(census));
    return check_choice();
}

} // namespace

const char* broken_invariant() {
    const Sound answer = check_all();
    return answer ? nullptr : answer.error();
}

} // namespace kernel
