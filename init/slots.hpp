// SPDX-License-Identifier: BSD-2-Clause
// Slots of init's own CNode, handed out once and for all: init is built once, and what comes and goes reuses its slots.
#pragma once

#include <abi/boot_info.hpp>
#include <sys/cap/cnode.hpp>

namespace init {

using sys::Result;
using sys::Word;

inline constexpr sys::CNode own_cnode{abi::root_slot::cnode};

class Slots {
public:
    explicit Slots(abi::SlotRegion empty) : next_(empty.start), end_(empty.end) {}

    /// `count` neighbouring empty slots.
    Result<Word> take(Word count = 1) {
        if (count > end_ - next_)
            return sys::Error(sys::ErrorCode::out_of_slots, count);
        const Word first = next_;
        next_ += count;
        return first;
    }
    Word free_count() const { return end_ - next_; }

private:
    Word next_;
    Word end_;
};

} // namespace init
