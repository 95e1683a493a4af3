// SPDX-License-Identifier: BSD-2-Clause
// The regions of one address space: which addresses are in use, for what, and with which rights. Pure. It lies in a client's
// page and survives the pager: a region is there from the one store that sets its state.
#pragma once

#include <abi/object.hpp>
#include <pager/page.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/result.hpp>

namespace pager {

using sys::Result;
namespace protocol = sys::protocol::pager;

/// The most that one request may map.
inline constexpr Word max_request = Word{1} << 30;
/// Where addresses that the pager chooses begin.
inline constexpr Word first_free_choice = 0x10'0000'0000;

/// Bytes from `start` up to, not including, `end`.
struct Range {
    Word start = 0;
    Word end = 0;
    constexpr Word size() const { return end - start; }
    constexpr Word pages() const { return size() / page_size; }
    constexpr bool contains(Word address) const { return start <= address && address < end; }
    constexpr bool overlaps(Range other) const { return start < other.end && other.start < end; }
    constexpr bool operator==(const Range&) const = default;
};

/// What a region's pages come from.
enum class Backing : uint8_t {
    anonymous, ///< zeroes
    stack, ///< zeroes; the lowest page is the guard page and never mapped
    image, ///< bytes of the boot archive, then zeroes
    lent, ///< frames that init lent: not the pager's to give
    object, ///< the pages of a memory object
};

/// Where a region is in its life. Written last when it comes, and first when it goes.
enum class RegionState : uint8_t { none, coming, there, going };

struct Region {
    Range range{};
    Backing backing = Backing::anonymous;
    bool writable = false;
    bool executable = false;
    bool is_private = false; ///< object: what is written goes to a copy
    bool is_huge = false; ///< anonymous: of huge pages, where there are any
    uint8_t memory_type = 0; ///< abi::MemoryType
    uint8_t fault_around = 1; ///< pages that one fault may bring, a power of two up to 16
    RegionState state = RegionState::none;
    Range file_bytes{}; ///< image: addresses whose bytes come from the archive
    Word source = 0; ///< image: where the byte for file_bytes.start lies in the archive; lent: first slot;
        ///< object: offset of the first page
    Word object = 0; ///< object: its number
    Word request = 0; ///< number of the request that made it, or that ends it
    Word faults = 0; ///< served so far
    Range guard() const { return {range.start, range.start + (backing == Backing::stack ? page_size : 0)}; }
    /// Writes are seen by others.
    bool is_shared() const { return backing == Backing::object && !is_private; }
};

/// Checks a page-aligned range that a client asked for: each thing that can be wrong has its own error.
Result<Range> checked_range(Word address, Word size);
/// The pages that `size` bytes at an arbitrary address touch; the same errors but unaligned.
Result<Range> covering_range(Word address, Word size);
/// Write and execute exclude each other; unknown bits are an invalid_value.
Result<void> check_rights(Word rights);

class RegionMap {
public:
    static constexpr unsigned capacity = 32;

    /// Regions never overlap. The region is `coming`.
    Result<Region*> insert(const Region& region);
    void remove(Region& region) { region.state = RegionState::none; }
    /// Null if nothing is there.
    Region* find(Word address);
    const Region* find(Word address) const { return const_cast<RegionMap*>(this)->find(address); }
    /// The one that request `number` made; null if there is none.
    Region* made_by(Word number);
    /// A free range of `size` bytes (a multiple of the page size) from `from` on, a free page on either side. `alignment`: a
    /// power of two.
    Result<Range> find_gap(Word size, Word from = first_free_choice, Word alignment = page_size) const;

    unsigned count() const;
    /// All places, also those where there is no region.
    Region& operator[](unsigned index) { return regions_[index]; }
    const Region& operator[](unsigned index) const { return regions_[index]; }

private:
    Region regions_[capacity];
};

} // namespace pager
