// SPDX-License-Identifier: BSD-2-Clause
// A VSpace of its own with whatever is mapped into it; tables are made as the kernel asks for them.
#pragma once

#include <tests/system/lib/world.hpp>

namespace test {

class AddressSpace {
public:
    AddressSpace() = default;
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

    /// An empty space; everything in it will be made out of `memory`.
    Result<void> make(sys::Untyped memory);
    /// A new frame at `address`; this space keeps its capability.
    Result<sys::Frame> map_new(Word address, const sys::PageAccess& access);
    /// A frame that somebody else keeps. Makes missing tables.
    Result<void> map(sys::Frame frame, Word address, const sys::PageAccess& access);
    /// A copy of a frame of somebody else's; this space keeps the copy.
    Result<sys::Frame> map_copy(sys::Frame frame, Word address, const sys::PageAccess& access);

    sys::VSpace root() const { return root_; }
    size_t table_count() const { return table_count_; }

private:
    Result<void> add_level(const sys::Error& missing, Word address);

    static constexpr size_t capacity = 24;
    sys::Untyped memory_;
    Cap<sys::VSpace> root_;
    Cap<sys::Object> tables_[capacity];
    size_t table_count_ = 0;
    Cap<sys::Frame> frames_[capacity];
    size_t frame_count_ = 0;
};

} // namespace test
