// SPDX-License-Identifier: BSD-2-Clause
// The kernel objects of one process: made from one untyped, the allotment, which is revoked when the process ends, so that
// nothing can be forgotten. Each place of the process table has its slots and its allotment for good.
#pragma once

#include <init/own_memory.hpp>
#include <init/program.hpp>
#include <sys/cap/io_port.hpp>
#include <sys/cap/irq.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/proc/slots.hpp>

namespace init {

/// What processes are connected to, and what they are made with.
struct Services {
    sys::Endpoint process_service; ///< unbadged
    sys::Endpoint pager; ///< unbadged
    sys::Endpoint pager_of_init; ///< with init's badge
    sys::Endpoint console; ///< unbadged; null as long as there is none
    sys::SchedControl sched_control;
    sys::IoPortControl io_ports{abi::root_slot::io_port_control};
    sys::IrqControl interrupts{abi::root_slot::irq_control};
    sys::Tcb authority{abi::root_slot::tcb};
    bool fixed_addresses = false; ///< boot word aslr=off: programs and stacks are where they were in the last boot
};

/// What a process is to be beside its program.
struct Shape {
    Word pid = 0;
    uint8_t priority = 0;
    uint16_t grants = 0; ///< process::grant
    uint16_t first_port = 0;
    uint16_t last_port = 0;
    uint16_t pin = 0;
    bool level_triggered = false;
};

/// Slots of one place of the process table, as offsets.
namespace place_slot {
inline constexpr Word allotment = 0, tcb = 1, cnode = 2, vspace = 3, sched_context = 4, ipc_frame = 5, endpoint = 6,
                      notification = 7, pager_endpoint = 8, exit_watch = 9, alarm = 10, manager_endpoint = 11,
                      keeper_table = 12, stop_signal = 13, wide_cnode = 14, count = 15;
}

class ProcessObjects {
public:
    ProcessObjects() = default;
    /// `memory` gives the allotment when the place is first used.
    ProcessObjects(Word first_slot) : first_slot_(first_slot) {}

    Word slot(Word which) const { return first_slot_ + which; }
    Result<void> ensure_allotment(OwnMemory& memory);
    /// All but running: CNode with its capabilities, thread, scheduling context. On failure, `destroy` cleans up.
    Result<void> build(const Services& services, const Shape& shape);
    /// Hands the thread to the kernel to start: it checks entry and stack.
    Result<void> start(const Services& services, const Shape& shape, const Loaded& loaded);
    /// As start, for a copy of a thread that waits for the answer to a call: the copy has it, a word of 0.
    Result<void> start_copy(const Services& services, const Shape& shape, sys::Tcb caller);
    /// Makes the thread's CSpace one of two levels; slots keep their numbers. already_exists.
    Result<void> widen();
    /// Puts another endpoint in the place of the one that the process serves on.
    Result<void> give_own_endpoint(sys::Endpoint endpoint);
    /// Takes everything away; the place can be used again.
    void destroy();
    bool has(Word which) const;
    /// What the process's slots hold from `first` on, of one CNode; how many were looked at: 0 if there are no such slots.
    Result<unsigned> inspect(Word first, std::span<sys::SlotRef::Inspected> slots) const;
    /// Its slots in all its CNodes, and how many of them hold something.
    struct SlotCount {
        Word given = 0;
        Word used = 0;
    };
    Result<SlotCount> count_slots() const;

private:
    sys::SlotRef child(Word slot) const {
        return sys::CNode(this->slot(place_slot::cnode)).at(slot, sys::slot::cnode_bits);
    }
    Result<void> make_objects();
    void release_callers();
    Result<void> fill_cnode(const Services& services, const Shape& shape);
    Result<void> grant_hardware(const Services& services, const Shape& shape);

    static constexpr unsigned allotment_bits = 14; ///< the wide CNode included
    Word first_slot_ = 0;
    bool has_allotment_ = false;
};

} // namespace init
