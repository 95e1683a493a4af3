// SPDX-License-Identifier: BSD-2-Clause
// Regions, in no order: an address space has a handful.
#include <pager/region_map.hpp>

namespace pager {

using protocol::Error;

Result<Range> checked_range(Word address, Word size) {
    if (size == 0)
        return Error::zero_size;
    if (address % page_size != 0 || size % page_size != 0)
        return Error::unaligned;
    return covering_range(address, size);
}

Result<Range> covering_range(Word address, Word size) {
    if (size == 0)
        return Error::zero_size;
    Word end = 0;
    if (__builtin_add_overflow(address, size, &end))
        return Error::wraps;
    if (end > abi::user_end)
        return Error::kernel_half;
    if (size > max_request)
        return Error::too_large;
    return Range{address / page_size * page_size, (end + page_size - 1) / page_size * page_size};
}

Result<void> check_rights(Word rights) {
    constexpr Word both = protocol::access::write | protocol::access::execute;
    if ((rights & ~both) != 0)
        return sys::ErrorCode::invalid_value;
    if ((rights & both) == both)
        return Error::write_and_execute;
    return {};
}

Result<Region*> RegionMap::insert(const Region& region) {
    Region* place = nullptr;
    for (Region& other : regions_) {
        if (other.state == RegionState::none)
            place = place == nullptr ? &other : place;
        else if (other.range.overlaps(region.range))
            return sys::Error(Error::overlap, other.range.start);
    }
    if (place == nullptr)
        return sys::Error(Error::too_many_regions, capacity);
    Region blank = region;
    blank.state = RegionState::none; // in no moment of being written is it there
    *place = blank;
    commit(place->state, RegionState::coming);
    return place;
}

Region* RegionMap::find(Word address) {
    for (Region& region : regions_)
        if (region.state != RegionState::none && region.range.contains(address))
            return &region;
    return nullptr;
}

Region* RegionMap::made_by(Word number) {
    for (Region& region : regions_)
        if (number != 0 && region.state != RegionState::none && region.request == number)
            return &region;
    return nullptr;
}

unsigned RegionMap::count() const {
    unsigned count = 0;
    for (const Region& region : regions_)
        count += region.state != RegionState::none ? 1 : 0;
    return count;
}

Result<Range> RegionMap::find_gap(Word size, Word from, Word alignment) const {
    const auto range_from = [&](Word lowest) {
        return checked_range((lowest + alignment - 1) / alignment * alignment, size);
    };
    Range gap = TRY(range_from(from));
    for (bool moved = true; moved;) {
        moved = false;
        const Range with_margins{gap.start - page_size, gap.end + page_size};
        for (const Region& region : regions_) {
            if (region.state == RegionState::none || !region.range.overlaps(with_margins))
                continue;
            gap = TRY(range_from(region.range.end + page_size));
            moved = true;
            break;
        }
    }
    return gap;
}

} // namespace pager
