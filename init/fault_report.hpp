// SPDX-License-Identifier: BSD-2-Clause
// What init says about a fault that ends a process: who did what, which region it was in, who pages it and what that answered, and
// the walk through its page tables.
#pragma once

#include <abi/paging.hpp>
#include <init/process_table.hpp>
#include <sys/ipc/message.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/format.hpp>

namespace init {

struct FaultReport {
    Ending ending{.cause = process::Cause::faulted};
    const char* kind = ""; ///< page fault, capability fault, ...
    Word error_code = 0;
    /// Of a page fault that was told through a keeper table: how it came to init.
    bool has_keeper_info = false;
    abi::KeeperFaultInfo info{0};
};

/// `words`: the message registers in the IPC buffer.
FaultReport read_fault(const sys::Message& message, const Word* words);
/// Of a message that has just come.
FaultReport read_fault(const sys::Message& message);

/// Region, keeper, its answer, and how often it was so: "no region there; keeper 1 refused: ...". `region`: that at the
/// address, or one that ends above it, or none (end 0).
void describe_keeper(sys::TextBuffer& out, const FaultReport& report,
                     const sys::protocol::pager::InspectRegion::Reply& region);

/// An entry on the walk to the address: "page directory[2] 0x6e0027: table rw x, keeper 1". `level`: 4 PML4 to 1 page table.
void describe_step(sys::TextBuffer& out, Word address, unsigned level, Word entry);
/// What was tried, and where the walk ended: "read from ring 3 stopped at level 2 (page directory): nothing is there".
void describe_stop(sys::TextBuffer& out, const FaultReport& report, unsigned level);

} // namespace init
