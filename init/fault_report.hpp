// SPDX-License-Identifier: BSD-2-Clause
// What init says about a fault that ends a process: who did what, which region it was in, who pages it and what that answered.
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

/// Region, keeper, its answer, and how often it was so: "no region there; keeper 1 refused: ...". `region`: that at the
/// address, or one that ends above it, or none (end 0).
void describe_keeper(sys::TextBuffer& out, const FaultReport& report,
                     const sys::protocol::pager::InspectRegion::Reply& region);

} // namespace init
