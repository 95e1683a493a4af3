// SPDX-License-Identifier: BSD-2-Clause
// What the pager promises the threads that it pages, tried by loads and stores: on the host against the simulated kernel, and by
// a thread on the real MMU. Both must agree.
#pragma once

#include <sys/pager/fault.hpp>

namespace sample_pager {

using sys::Word;

inline constexpr Word region_start = 0x50'0000'0000;
inline constexpr Word region_pages = 8;
inline constexpr Word frame_count = 4; ///< fewer than there are pages

/// `memory.load(address)` and `memory.store(address, value)` touch; `check(what, holds)` hears what came of it.
template <class Memory, class Check>
void converse(Memory& memory, Check&& check) {
    const auto address_of = [](Word page) { return region_start + page * sys::pager::page_size; };
    bool zero = true;
    for (Word page = 0; page < frame_count; ++page) {
        zero = memory.load(address_of(page) + 8) == 0 && zero;
        memory.store(address_of(page) + 8, page + 1);
    }
    check("pages are zero at first", zero);
    bool kept = true;
    for (Word page = 0; page < frame_count; ++page)
        kept = memory.load(address_of(page) + 8) == page + 1 && memory.load(address_of(page)) == 0 && kept;
    check("pages keep what was written", kept);
}

} // namespace sample_pager
