// SPDX-License-Identifier: BSD-2-Clause
// UnitIndex names a unit in the table; UnitSet is a set of them, one bit each.
#pragma once

#include <bit>
#include <compare>
#include <stddef.h>
#include <stdint.h>

namespace systemd {

/// As many as a word has bits: every question about dependencies is then one operation on words.
inline constexpr size_t max_units = 64;

/// Position in the unit table, below max_units.
struct UnitIndex {
    uint16_t value = 0;
    constexpr auto operator<=>(const UnitIndex&) const = default;
};

class UnitSet {
public:
    constexpr UnitSet() = default;
    static constexpr UnitSet of(UnitIndex unit) { return UnitSet(bit(unit)); }
    /// Units 0 up to, not including, `count`.
    static constexpr UnitSet first(size_t count) {
        return UnitSet(count >= max_units ? ~uint64_t{0} : (uint64_t{1} << count) - 1);
    }

    constexpr void add(UnitIndex unit) { bits_ |= bit(unit); }
    constexpr void remove(UnitIndex unit) { bits_ &= ~bit(unit); }
    constexpr bool has(UnitIndex unit) const { return (bits_ & bit(unit)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr size_t size() const { // std::popcount would call libgcc
        size_t count = 0;
        for (uint64_t left = bits_; left != 0; left &= left - 1)
            ++count;
        return count;
    }
    constexpr bool operator==(const UnitSet&) const = default;

    friend constexpr UnitSet operator|(UnitSet a, UnitSet b) { return UnitSet(a.bits_ | b.bits_); }
    friend constexpr UnitSet operator&(UnitSet a, UnitSet b) { return UnitSet(a.bits_ & b.bits_); }
    /// What is in a but not in b.
    friend constexpr UnitSet operator-(UnitSet a, UnitSet b) { return UnitSet(a.bits_ & ~b.bits_); }

    /// Goes through the members in ascending order; does not see changes made meanwhile.
    class Iterator {
    public:
        explicit constexpr Iterator(uint64_t left) : left_(left) {}
        constexpr UnitIndex operator*() const { return {static_cast<uint16_t>(std::countr_zero(left_))}; }
        constexpr Iterator& operator++() {
            left_ &= left_ - 1;
            return *this;
        }
        constexpr bool operator!=(const Iterator& other) const { return left_ != other.left_; }

    private:
        uint64_t left_;
    };
    constexpr Iterator begin() const { return Iterator(bits_); }
    constexpr Iterator end() const { return Iterator(0); }

private:
    explicit constexpr UnitSet(uint64_t bits) : bits_(bits) {}
    static constexpr uint64_t bit(UnitIndex unit) { return uint64_t{1} << unit.value % max_units; }

    uint64_t bits_ = 0;
};

static_assert(UnitSet::first(64).size() == 64 && UnitSet::first(3).has({2}) && !UnitSet::first(3).has({3}));

} // namespace systemd
