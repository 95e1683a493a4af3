// SPDX-License-Identifier: BSD-2-Clause
#include <sys/cap/asid.hpp>
#include <tests/system/lib/address_space.hpp>

namespace test {

Result<void> AddressSpace::make(sys::Untyped memory) {
    memory_ = memory;
    root_ = TRY(sys::make_object<sys::VSpace>(space(), memory));
    return sys::AsidPool(abi::root_slot::asid_pool).assign(root_);
}

Result<void> AddressSpace::add_level(const sys::Error& missing, Word address) {
    if (!sys::is_missing_level(missing))
        return missing;
    if (table_count_ == capacity)
        return sys::ErrorCode::out_of_range;
    const sys::MissingLevel level = sys::missing_level(missing);
    tables_[table_count_] = TRY(test::make(memory_, sys::object_for(level)));
    return sys::map_level(level, tables_[table_count_++], root_, address);
}

Result<void> AddressSpace::map(sys::Frame frame, Word address, const sys::PageAccess& access) {
    for (;;) {
        const Result<void> mapped = frame.map(root_, address, access);
        if (mapped)
            return {};
        // The error names the level; a table may miss the one above it in turn.
        Result<void> added = add_level(mapped.error(), address);
        if (!added)
            return added.error();
    }
}

Result<sys::Frame> AddressSpace::map_new(Word address, const sys::PageAccess& access) {
    if (frame_count_ == capacity)
        return sys::ErrorCode::out_of_range;
    Cap<sys::Frame> frame = TRY(sys::make_object<sys::Frame>(space(), memory_));
    TRY(map(frame, address, access));
    frames_[frame_count_] = std::move(frame);
    return frames_[frame_count_++].get();
}

Result<sys::Frame> AddressSpace::map_copy(sys::Frame frame, Word address, const sys::PageAccess& access) {
    if (frame_count_ == capacity)
        return sys::ErrorCode::out_of_range;
    Cap<sys::Frame> copy = TRY(sys::copy_cap(space(), frame));
    TRY(map(copy, address, access));
    frames_[frame_count_] = std::move(copy);
    return frames_[frame_count_++].get();
}

} // namespace test
