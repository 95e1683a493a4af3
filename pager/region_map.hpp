// SPDX-License-Identifier: BSD-2-Clause
// The regions of one address space: which addresses are in use, for what, and with which rights. Pure.
#pragma once

#include <abi/object.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/result.hpp>

namespace pager {

using sys::Result;
using sys::Word;
namespace protocol = sys::protocol::pager;

inline constexpr Word page_size = Word{1} << abi::page_bits;
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
    stack,     ///< zeroes; the lowest page is the guard page and never mapped
    image,     ///< bytes of the boot archive, then zeroes
    lent,      ///< frames that init lent: mapped at once, not the pager's to give
};

struct Region {
    Range range;
    Backing backing = Backing::anonymous;
    bool writable = false;
    bool executable = false;
    Range file_bytes{};      ///< image: addresses whose bytes come from the archive
    Word archive_offset = 0; ///< image: where the byte for file_bytes.start lies
    Range guard() const { return {range.start, range.start + (backing == Backing::stack ? page_size : 0)}; }
};

/// Checks a page-aligned range that a client asked for: each thing that can be wrong has its own error.
Result<Range> checked_range(Word address, Word size);
/// The pages that `size` bytes at an arbitrary address touch; the same errors but unaligned.
Result<Range> covering_range(Word address, Word size);
/// Write and execute exclude each other; unknown bits are an invalid_value.
Result<void> check_rights(Word rights);

class RegionMap {
public:
    static constexpr unsigned capacity = 24;

    /// Regions never overlap.
    Result<void> insert(const Region& region);
    /// The region that starts at `start`.
    Result<void> remove(Word start);
    /// Null if nothing is there.
    const Region* find(Word address) const;
    /// A free range of `size` bytes (a multiple of the page size) above `first_free_choice`, a free page on either side.
    Result<Range> find_gap(Word size) const;

    unsigned count() const { return count_; }
    const Region& operator[](unsigned index) const { return regions_[index]; }
    void clear() { count_ = 0; }

private:
    /// Ascending by address.
    Region regions_[capacity];
    unsigned count_ = 0;
};

} // namespace pager
