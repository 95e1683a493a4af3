// SPDX-License-Identifier: BSD-2-Clause
// Looking at other processes, through the process service: their paging events, threads, capabilities, page tables.
//
// Who may is a matter of the capability that it asks through: PID 1, and processes that were started with process::grant::inspect,
// which only who has it can hand on. Others are told not_permitted. Errors are those of process.hpp, and the kernel's.
#pragma once

#include <sys/ipc/protocol.hpp>
#include <sys/protocol/process.hpp>

namespace sys::protocol::process {

/// What the kernel remembers of paging, from number `from` on; a number that was not reached yet tells how many there are.
struct PagingEvents {
    static constexpr Word label = request_label(Protocol::process, 12);
    static constexpr unsigned max_events = 16;
    /// An event as the kernel tells it (abi/paging_event.hpp), but for its time; and whose thread it is about.
    struct Event {
        Word time = 0; ///< microseconds of uptime; 0 = before init started
        Word subject = 0; ///< abi::PagingEvent, as are the next two
        Word place = 0;
        Word detail = 0;
        Word pid = 0; ///< 0: init, the pager, or forgotten since
        char name[16] = {}; ///< of the program, cut to fit; "?" = forgotten
    };
    struct Reply {
        Word written = 0; ///< so many since the kernel started
        Word first = 0; ///< number of the first one here; above `from`: those between are gone
        Word count = 0; ///< events that follow
        Event events[max_events] = {};
    };
    Word from = 0; ///< number of the first that is wanted
};

/// The threads of running processes, in ascending order of their numbers; before them, as number 0, the pager's.
struct Threads {
    static constexpr Word label = request_label(Protocol::process, 13);
    static constexpr unsigned max_threads = 14;
    /// One thread.
    struct Thread {
        Word pid = 0; ///< 0: the pager
        Word waited = 0; ///< microseconds since it stopped or began to wait
        Word instruction = 0; ///< where it is, or will go on
        Word about = 0; ///< of the fault it waits with: address, vector, ...
        uint8_t state = 0; ///< abi::StatusState
        uint8_t fault = 0; ///< abi::Fault; 0 = none
        uint8_t priority = 0; ///< 0 to 255
        char name[29] = {}; ///< of the program, cut to fit
    };
    struct Reply {
        Word count = 0; ///< threads that follow
        Word next = 0; ///< ask again with this; 0 = that was all
        Thread threads[max_threads] = {};
    };
    Word from = 0; ///< number of a process
};

/// The slots of a process's CNode that are in use, from `from` on.
struct Capabilities {
    static constexpr Word label = request_label(Protocol::process, 14);
    static constexpr unsigned max_slots = 28;
    /// One slot.
    struct Held {
        Word slot = 0; ///< number
        Word what = 0; ///< abi::InspectedSlot
        Word object = 0; ///< physical address
        Word detail = 0; ///< where it is mapped; of untyped memory what is given out
    };
    struct Reply {
        Word count = 0; ///< slots that follow
        Word next = 0; ///< ask again with this; 0 = that was all
        Held held[max_slots] = {};
    };
    Word pid = 0; ///< whose
    Word from = 0; ///< slot
};

/// The entries of a process's page tables on the way to an address, from the PML4's on.
struct Walk {
    static constexpr Word label = request_label(Protocol::process, 15);
    struct Reply {
        Word count = 0; ///< levels that were walked
        Word entries[4] = {}; ///< as the CPU has them
    };
    Word pid = 0; ///< whose
    Word address = 0; ///< of its space
};

/// What running processes hold of the kernel's memory, in ascending order of their numbers.
struct Holdings {
    static constexpr Word label = request_label(Protocol::process, 19);
    static constexpr unsigned max_processes = 14;
    /// One process.
    struct Holder {
        Word pid = 0; ///< in ascending order
        Word untyped_given = 0; ///< bytes
        Word untyped_limit = 0; ///< bytes: the quota
        Word slots_given = 0; ///< in all its CNodes
        Word slots_used = 0; ///< that hold something
        char name[24] = {}; ///< of the program, cut to fit
    };
    struct Reply {
        Word count = 0; ///< processes that follow
        Word next = 0; ///< ask again with this; 0 = that was all
        Word untyped_free = 0; ///< bytes that no process has
        Word untyped_total = 0; ///< bytes that are set aside for processes
        Holder holders[max_processes] = {};
    };
    Word from = 0; ///< number of a process
};

static_assert(Request<PagingEvents> && Request<Threads> && Request<Capabilities> && Request<Walk> && Request<Holdings>);

} // namespace sys::protocol::process
