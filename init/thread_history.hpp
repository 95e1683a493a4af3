// SPDX-License-Identifier: BSD-2-Clause
// Whose thread a TCB was at a time: the places of the process table use the same memory again, and the kernel's record of paging
// events reaches back to processes that have ended. Pure.
#pragma once

#include <abi/types.hpp>
#include <string_view>

namespace init {

using abi::Word;

class ThreadHistory {
public:
    struct Life {
        Word tcb = 0; ///< physical address
        Word since = 0; ///< time stamp
        Word pid = 0;
        char name[16] = {}; ///< zero-terminated
    };
    /// Those that never end come first; of others the last ones are remembered.
    void add_lasting(Word tcb, std::string_view name);
    void add(Word tcb, Word since, Word pid, std::string_view name);
    /// Who had the TCB at the time stamp `at`; null: nobody that is remembered.
    const Life* find(Word tcb, Word at) const;

    static constexpr unsigned capacity = 128;

private:
    void put(unsigned index, Word tcb, Word since, Word pid, std::string_view name);

    Life lives_[capacity];
    unsigned lasting_ = 0;
    unsigned count_ = 0;
    unsigned next_ = 0; ///< the place of the oldest that ends, once all are taken
};

} // namespace init
