// SPDX-License-Identifier: BSD-2-Clause
// What to do about a fault: fault + regions -> a page to provide, or the reason to refuse. Pure decision, no effect.
#pragma once

#include <abi/fault.hpp>
#include <pager/region_map.hpp>
#include <sys/ipc/pager.hpp>

namespace pager {

using protocol::Refusal;

/// A page fault as the hardware tells it (SDM Vol. 3A, "Page-Fault Error Code": bit 1 write, bit 4 instruction fetch).
struct PageFault {
    Word instruction = 0;
    Word address = 0;
    bool write = false;
    bool execute = false;

    static constexpr PageFault from(const sys::KeeperFault& fault) {
        return {fault.instruction, fault.address, fault.info.is_write(), fault.info.is_fetch()};
    }
};

struct Decision {
    Refusal refusal = Refusal::none;
    Region* region = nullptr; ///< that the page belongs to, unless refused
    Word page = 0;                  ///< address of the page to provide
};

Decision decide(RegionMap& regions, const PageFault& fault);

} // namespace pager
