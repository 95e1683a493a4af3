// SPDX-License-Identifier: BSD-2-Clause
// What to do about a fault: fault + regions -> a page to provide, or the reason to refuse. Pure decision, no effect.
#pragma once

#include <abi/fault.hpp>
#include <pager/region_map.hpp>

namespace pager {

using protocol::Refusal;

/// A page fault as the hardware tells it (SDM Vol. 3A, "Page-Fault Error Code": bit 1 write, bit 4 instruction fetch).
struct PageFault {
    Word instruction = 0;
    Word address = 0;
    bool write = false;
    bool execute = false;

    static constexpr PageFault from_message(Word instruction, Word address, Word fetch, Word error_code) {
        return {instruction, address, (error_code & 2) != 0, fetch != 0 || (error_code & 16) != 0};
    }
};

struct Decision {
    Refusal refusal = Refusal::none;
    const Region* region = nullptr; ///< that the page belongs to, unless refused
    Word page = 0;                  ///< address of the page to provide
};

Decision decide(const RegionMap& regions, const PageFault& fault);

} // namespace pager
