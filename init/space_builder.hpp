// SPDX-License-Identifier: BSD-2-Clause
// Builds address spaces out of init's own memory: for init itself, and for the pager, whom nobody pages.
#pragma once

#include <init/own_memory.hpp>
#include <span>
#include <sys/cap/frame.hpp>

namespace init {

inline constexpr Word page_size = Word{1} << abi::page_bits;
/// Where init maps, one page, what it fills for others.
inline constexpr Word scratch_address = 0x10'0000'0000;

class SpaceBuilder {
public:
    SpaceBuilder(OwnMemory& memory, sys::VSpace space) : memory_(memory), space_(space) {}

    sys::VSpace space() const { return space_; }
    /// Maps a frame, making the tables that are missing.
    Result<void> map(sys::Frame frame, Word address, const sys::PageAccess& access);
    /// A new zeroed frame at `address`.
    Result<sys::Frame> map_new(Word address, const sys::PageAccess& access);

private:
    OwnMemory& memory_;
    sys::VSpace space_;
};

/// Fills new frames with bytes and maps them: an address space seen from init's own one.
class ForeignSpaceBuilder {
public:
    ForeignSpaceBuilder(SpaceBuilder& own, SpaceBuilder& foreign, OwnMemory& memory)
        : own_(own), foreign_(foreign), memory_(memory) {}

    /// `size` bytes of memory at `address`, which need not be aligned: first `bytes`, then zeroes. No page of the range may
    /// be mapped yet.
    Result<void> load(Word address, Word size, std::span<const uint8_t> bytes, const sys::PageAccess& access) {
        return load(address, size, bytes, access, 0);
    }
    /// As load; init goes on seeing the pages, the first of them at `seen_at` (page-aligned).
    Result<void> load_shared(Word address, Word size, std::span<const uint8_t> bytes, const sys::PageAccess& access,
                             Word seen_at) {
        return load(address, size, bytes, access, seen_at);
    }
    /// One zeroed page, whose frame the caller wants to have.
    Result<sys::Frame> page(Word address, const sys::PageAccess& access) { return foreign_.map_new(address, access); }

private:
    Result<void> load(Word address, Word size, std::span<const uint8_t> bytes, const sys::PageAccess& access,
                      Word seen_at);

    SpaceBuilder& own_;
    SpaceBuilder& foreign_;
    OwnMemory& memory_;
};

} // namespace init
