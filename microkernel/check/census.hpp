// SPDX-License-Identifier: BSD-2-Clause
// What a check counts. Most links between kernel objects are two-way, and each end is checked where it stands; that both
// ends are as many then says that no end is missing: that nothing names an object that has no capability any more.
#pragma once

#include <check/sound.hpp>
#include <mem/address.hpp>

namespace kernel {

/// The two ends of one kind of link.
struct Balance {
    Word here = 0;
    Word there = 0;
    constexpr bool is_even() const { return here == there; }
};

struct Census {
    Balance slots; ///< capabilities in the list of all; in the slots of CNodes, TCBs and interrupt lines
    Balance ready; ///< threads that say they are in a ready queue; that are in one
    Balance queued; ///< threads that send or receive; that are queued on endpoints
    Balance waiting; ///< threads that wait; that are queued on notifications
    Balance replies; ///< threads with a reply object; reply objects with a thread
    Balance contexts; ///< threads with a context; contexts with a thread
    Balance bound; ///< threads with a bound notification; notifications with a bound thread
    Balance lenders; ///< notifications with a context; contexts with a notification
    Balance yields; ///< threads in YieldTo; contexts that somebody yielded to
    Balance tops; ///< contexts with a stack of replies; replies on top of one
    Balance stacked; ///< replies above or below others; those that are found from the tops down
    Balance released; ///< contexts that say they wait for a refill; links of the release queue
    Balance spaces; ///< PML4s that are a live space; ASIDs in use
    Balance pools; ///< ASID pools; those that the kernel knows
    Balance tables; ///< paging structures that record where they are linked; entries that link one
    Balance pages; ///< places that frame capabilities record; entries that map a page
    Balance lines; ///< interrupt handlers; interrupt lines in use
    Balance ports; ///< I/O ports in capabilities; ports that have been issued
    bool has_current = false, has_loaded = false; ///< what `cpu` names has a capability
};

/// All kinds of links are even.
Sound check_balance(const Census& census);

} // namespace kernel
