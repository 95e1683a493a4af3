// SPDX-License-Identifier: BSD-2-Clause
// UnitIndex names a unit in the table; UnitSet is a set of them, one bit each.
#pragma once

#include <compare>
#include <stddef.h>
#include <stdint.h>

namespace systemd {

inline constexpr size_t max_units = 128;

/// Position in the unit table.
struct UnitIndex {
    uint16_t value = 0;
    constexpr auto operator<=>(const UnitIndex&) const = default;
};

class UnitSet {
public:
    constexpr UnitSet() = default;
    static constexpr UnitSet of(UnitIndex unit) {
        UnitSet set;
        set.add(unit);
        return set;
    }

    constexpr void add(UnitIndex unit) { words_[unit.value / 64] |= bit(unit); }
    constexpr void remove(UnitIndex unit) { words_[unit.value / 64] &= ~bit(unit); }
    constexpr bool has(UnitIndex unit) const { return (words_[unit.value / 64] & bit(unit)) != 0; }
    constexpr bool empty() const { return (words_[0] | words_[1]) == 0; }
    constexpr bool operator==(const UnitSet&) const = default;

    friend constexpr UnitSet operator|(UnitSet a, UnitSet b) {
        return {a.words_[0] | b.words_[0], a.words_[1] | b.words_[1]};
    }
    friend constexpr UnitSet operator&(UnitSet a, UnitSet b) {
        return {a.words_[0] & b.words_[0], a.words_[1] & b.words_[1]};
    }
    /// What is in a but not in b.
    friend constexpr UnitSet operator-(UnitSet a, UnitSet b) {
        return {a.words_[0] & ~b.words_[0], a.words_[1] & ~b.words_[1]};
    }

    /// Goes through the members in ascending order; does not see changes made meanwhile.
    class Iterator {
    public:
        constexpr Iterator(const uint64_t* words, uint16_t at) : words_{words[0], words[1]}, at_(at) { skip(); }
        constexpr UnitIndex operator*() const { return {at_}; }
        constexpr Iterator& operator++() {
            ++at_;
            skip();
            return *this;
        }
        constexpr bool operator!=(const Iterator& other) const { return at_ != other.at_; }

    private:
        constexpr void skip() {
            while (at_ < max_units && (words_[at_ / 64] >> (at_ % 64) & 1) == 0) ++at_;
        }
        uint64_t words_[2];
        uint16_t at_;
    };
    constexpr Iterator begin() const { return {words_, 0}; }
    constexpr Iterator end() const { return {words_, max_units}; }

    constexpr size_t size() const {
        size_t count = 0;
        for ([[maybe_unused]] const UnitIndex unit : *this) ++count;
        return count;
    }

private:
    constexpr UnitSet(uint64_t low, uint64_t high) : words_{low, high} {}
    static constexpr uint64_t bit(UnitIndex unit) { return uint64_t{1} << unit.value % 64; }

    uint64_t words_[2] = {};
};

static_assert(max_units == 2 * 64, "UnitSet has two words");

} // namespace systemd
