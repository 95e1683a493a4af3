// SPDX-License-Identifier: BSD-2-Clause
// Who has how much untyped memory, and may have: what is set aside for processes' own kernel objects, and the pieces of it that
// are out. What a process had comes back whole when it ends.
#pragma once

#include <sys/mem/untyped_allocator.hpp>

namespace init {

using sys::Result;
using sys::Word;

class UntypedLedger {
public:
    static constexpr unsigned min_bits = 14, max_bits = 21; ///< of a piece
    static constexpr unsigned max_pieces = 1024; ///< that are out at once
    static constexpr unsigned max_holders = 64;

    explicit UntypedLedger(sys::UntypedAllocator& memory) : memory_(memory), total_(memory.free_bytes()) {}

    /// A holder (a number below max_holders) begins with nothing, and may have up to `limit` bytes.
    void open(unsigned holder, Word limit) { accounts_[holder] = {0, limit}; }
    /// 2^bits bytes without children. quota_exceeded (detail 0 = bytes that it has, detail 1 = its limit), out_of_memory,
    /// out_of_range for the size.
    Result<sys::Untyped> give(unsigned holder, unsigned bits);
    /// Destroys all that was made of the holder's memory, which is free again.
    void take_back(unsigned holder);

    Word given(unsigned holder) const { return accounts_[holder].given; }
    Word limit(unsigned holder) const { return accounts_[holder].limit; }
    Word free_bytes() const { return memory_.free_bytes(); }
    Word total_bytes() const { return total_; }

private:
    struct Account {
        Word given = 0;
        Word limit = 0;
    };
    struct Piece {
        sys::UntypedBlock memory; ///< none: this place is free
        unsigned holder = 0;
    };

    sys::UntypedAllocator& memory_;
    Word total_;
    Account accounts_[max_holders] = {};
    Piece pieces_[max_pieces] = {};
};

} // namespace init
