// SPDX-License-Identifier: BSD-2-Clause
// Physical and virtual addresses as types of their own, and half-open physical ranges.
#pragma once

#include <compare>
#include <cstdint>

namespace kernel {

using Word = uint64_t;

constexpr Word align_down(Word value, Word alignment) { return value & ~(alignment - 1); }
constexpr Word align_up(Word value, Word alignment) { return (value + alignment - 1) & ~(alignment - 1); }
constexpr bool is_aligned(Word value, Word alignment) { return (value & (alignment - 1)) == 0; }

/// What both kinds of address have; they do not mix.
template <class Kind>
class Address {
public:
    constexpr Address() = default;
    explicit constexpr Address(Word raw) : raw_(raw) {}
    constexpr Word raw() const { return raw_; }
    constexpr bool is_aligned_to(Word alignment) const { return is_aligned(raw_, alignment); }
    friend constexpr Kind operator+(Kind a, Word bytes) { return Kind(a.raw() + bytes); }
    friend constexpr Word operator-(Kind a, Kind b) { return a.raw() - b.raw(); }
    constexpr auto operator<=>(const Address&) const = default;

private:
    Word raw_ = 0;
};

/// An address on the memory bus. Never dereferenced: mem/direct_map.hpp turns it into a pointer.
class PhysAddr : public Address<PhysAddr> {
    using Address::Address;
};

/// An address as a program sees it.
class VirtAddr : public Address<VirtAddr> {
public:
    using Address::Address;
    constexpr VirtAddr aligned_down(Word alignment) const { return VirtAddr(align_down(raw(), alignment)); }
    /// Bits 47-63 all alike: the CPU accepts it with 4-level paging (SDM Vol. 1, "Canonical Addressing").
    constexpr bool is_canonical() const {
        return static_cast<int64_t>(raw() << 16) >> 16 == static_cast<int64_t>(raw());
    }
};

/// Physical addresses from `start` up to, not including, `end`.
struct PhysRange {
    PhysAddr start;
    PhysAddr end;

    constexpr Word size() const { return end - start; }
    constexpr bool is_empty() const { return end <= start; }
    constexpr bool contains(PhysAddr address) const { return start <= address && address < end; }
    constexpr bool contains(PhysRange other) const { return start <= other.start && other.end <= end; }
    constexpr bool overlaps(PhysRange other) const { return start < other.end && other.start < end; }
    constexpr bool operator==(const PhysRange&) const = default;
};

static_assert(sizeof(PhysAddr) == 8 && sizeof(VirtAddr) == 8);
static_assert(VirtAddr(0x7fff'ffff'ffff).is_canonical() && !VirtAddr(0x8000'0000'0000).is_canonical());
static_assert(VirtAddr(0xffff'8000'0000'0000).is_canonical());

} // namespace kernel
