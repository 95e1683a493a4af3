// SPDX-License-Identifier: BSD-2-Clause
// The rules, by what they are about. Each answers with the first that is broken, and adds to the census what must be even.
#pragma once

#include <cap/slot.hpp>
#include <check/census.hpp>
#include <object/tcb.hpp>

namespace kernel {

struct SchedContext;
struct Notification;

// --- capability_rules.cpp ---
/// Where `slots` are: a CNode's, a TCB's, an interrupt line's.
enum class Place : uint8_t { cnode, thread, interrupt_line };
/// `count` slots, from their side: what is empty is empty. The others are counted; the list of all leads to them.
Sound check_slots(const Slot* slots, Word count, Place place, Census& census);
/// A capability, and its neighbours in the list.
Sound check_capability(const Slot& slot, Census& census);
/// Two neighbours that name the same object.
Sound check_copy(const Slot& previous, const Slot& slot);

// --- zombie_rules.cpp ---
Sound check_zombie(const Slot& slot, Census& census);

// --- thread_rules.cpp ---
Sound check_thread(Tcb& thread, Census& census);
Sound check_saved_registers(const Context& context);

// --- ipc_rules.cpp ---
Sound check_endpoint(const Endpoint& endpoint, Census& census);
Sound check_notification(const Notification& notification, Census& census);
Sound check_reply(const Reply& reply, Census& census);

// --- scheduling_rules.cpp ---
Sound check_context(SchedContext& context, unsigned size_bits, Census& census);
/// Ready queues, release queue, the timer.
Sound check_scheduler(Census& census);
/// Who runs is who should. Last of all: tests let others run.
Sound check_choice();

// --- paging_rules.cpp ---
/// A capability to a PML4, the first of several; its tables too if it is a live space.
Sound check_space(const Capability& pml4, Census& census);
/// A capability to a PDPT, page directory or page table, the first of several.
Sound check_structure(const Capability& structure, Census& census);
/// Any capability to a frame.
Sound check_frame(const Slot& slot, Census& census);
/// The kernel's own tables.
Sound check_kernel_space();

// --- device_rules.cpp ---
/// Interrupt lines, I/O ports, ASIDs: what the kernel's tables say, against the capabilities.
Sound check_devices(Census& census);

// --- cpu_rules.cpp ---
/// What runs, what the CPU has loaded, and what never changes.
Sound check_cpu(const Census& census);

} // namespace kernel
