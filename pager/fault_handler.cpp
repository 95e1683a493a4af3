// SPDX-License-Identifier: BSD-2-Clause
// The policy behind every page fault.
#include <pager/fault_handler.hpp>

namespace pager {

Decision decide(RegionMap& regions, const PageFault& fault) {
    if (fault.address >= abi::user_end)
        return {Refusal::not_user_half};
    Region* const region = regions.find(fault.address);
    if (region == nullptr)
        return {Refusal::no_region};
    if (region->guard().contains(fault.address))
        return {Refusal::guard_page};
    if (fault.write && !region->writable)
        return {Refusal::not_writable};
    if (fault.execute && !region->executable)
        return {Refusal::not_executable};
    return {Refusal::none, region, fault.address / page_size * page_size};
}

} // namespace pager
