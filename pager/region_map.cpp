// SPDX-License-Identifier: BSD-2-Clause
// Regions, kept in a sorted array: an address space has a handful.
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

Result<void> RegionMap::insert(const Region& region) {
    if (count_ == capacity)
        return sys::Error(Error::too_many_regions, capacity);
    unsigned position = 0;
    while (position < count_ && regions_[position].range.start < region.range.start)
        ++position;
    if (position > 0 && regions_[position - 1].range.overlaps(region.range))
        return sys::Error(Error::overlap, regions_[position - 1].range.start);
    if (position < count_ && regions_[position].range.overlaps(region.range))
        return sys::Error(Error::overlap, regions_[position].range.start);
    for (unsigned i = count_; i > position; --i)
        regions_[i] = regions_[i - 1];
    regions_[position] = region;
    ++count_;
    return {};
}

Result<void> RegionMap::remove(Word start) {
    for (unsigned i = 0; i < count_; ++i) {
        if (regions_[i].range.start != start)
            continue;
        for (unsigned k = i + 1; k < count_; ++k)
            regions_[k - 1] = regions_[k];
        --count_;
        return {};
    }
    return Error::no_such_region;
}

const Region* RegionMap::find(Word address) const {
    for (unsigned i = 0; i < count_; ++i)
        if (regions_[i].range.contains(address))
            return &regions_[i];
    return nullptr;
}

Result<Range> RegionMap::find_gap(Word size) const {
    Word start = first_free_choice;
    for (unsigned i = 0; i < count_; ++i) {
        const Range& taken = regions_[i].range;
        if (taken.end <= start) {
            if (taken.end == start)
                start += page_size;
            continue;
        }
        if (start + size + page_size <= taken.start)
            break;
        start = taken.end + page_size;
    }
    return checked_range(start, size);
}

} // namespace pager
