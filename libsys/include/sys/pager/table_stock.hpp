// SPDX-License-Identifier: BSD-2-Clause
// Memory and slots for the paging structures that a pager's answers lack.
#pragma once

#include <sys/cap/untyped.hpp>
#include <sys/cap/vspace.hpp>

namespace sys::pager {

/// Makes page tables as they are missing.
class TableStock {
public:
    /// Without memory: whoever makes the region has made its tables.
    TableStock() = default;
    /// Tables are made of `memory`, into slots first to first + count - 1 of `cnode`. Slots that hold one already, of a
    /// pager that died, are passed over.
    TableStock(Untyped memory, CNode cnode, Word first, Word count)
        : memory_(memory), cnode_(cnode), next_(first), end_(first + count) {}

    /// A table of the level that a mapping missed; out_of_slots, or the kernel's reason.
    Result<Object> make(MissingLevel level);
    /// Makes and maps what `missing` says is missing in an address space of one's own.
    Result<void> add(const Error& missing, VSpace space, Word address);

private:
    Untyped memory_;
    CNode cnode_;
    Word next_ = 0;
    Word end_ = 0;
};

} // namespace sys::pager
