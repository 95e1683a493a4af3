// SPDX-License-Identifier: BSD-2-Clause
// The list of all capabilities is a map of memory, from the top down: an untyped stands before what was made of it, and
// that in the order in which it lies, the highest first. So a walk over the list sees with a glance at the untyped
// memory around it that no two objects share a byte.
#pragma once

#include <cap/slot.hpp>
#include <check/sound.hpp>

#include <array>

namespace kernel {

/// Puts capabilities that nobody derived into that order; they stand in that of their making. `all`: the slot in front of
/// the list, which holds nothing.
void put_in_order(Slot& all);

class MemoryOrder {
public:
    void start() { depth_ = 0, limit_ = memory_end; }
    /// The next object of the list, by its first capability.
    Sound enter(const Slot& slot);

private:
    /// An untyped that the walk is inside of, and the lowest address of its objects so far.
    struct Around {
        const Slot* untyped;
        PhysAddr limit;
    };
    static constexpr PhysAddr memory_end{Word{1} << 47};
    // Each is smaller than the one around it: a copy, or an untyped made of all of another, takes its place.
    static constexpr unsigned most = 44;

    std::array<Around, most> path_{};
    unsigned depth_ = 0;
    PhysAddr limit_ = memory_end; ///< the lowest address of all that is in no untyped
};

} // namespace kernel
