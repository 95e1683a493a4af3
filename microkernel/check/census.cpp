// SPDX-License-Identifier: BSD-2-Clause
#include <check/census.hpp>

namespace kernel {

Sound check_balance(const Census& census) {
    TRY(holds(census.slots.is_even(), "8: each capability stands once in the list of all, and in a slot"));
    TRY(holds(census.ready.is_even(), "5: who is in a ready queue has a capability"));
    TRY(holds(census.queued.is_even(), "5: endpoints and who is queued there have capabilities"));
    TRY(holds(census.waiting.is_even(), "5: notifications and who waits for them have capabilities"));
    TRY(holds(census.replies.is_even(), "5: reply objects and their threads have capabilities"));
    TRY(holds(census.contexts.is_even(), "5: scheduling contexts and their threads have capabilities"));
    TRY(holds(census.bound.is_even(), "5: bound notifications and their threads have capabilities"));
    TRY(holds(census.lenders.is_even(), "5: notifications and the contexts that they lend have capabilities"));
    TRY(holds(census.yields.is_even(), "5: who yielded and the context it yielded to have capabilities"));
    TRY(holds(census.tops.is_even(), "5: contexts and the replies on top of their stacks have capabilities"));
    TRY(holds(census.stacked.is_even(), "39: every stack of replies has a top and an end"));
    TRY(holds(census.released.is_even(), "38: the release queue holds who says so, each once"));
    TRY(holds(census.spaces.is_even(), "22: every ASID in use is that of one PML4 with a capability"));
    TRY(holds(census.pools.is_even(), "7: every ASID pool that the kernel knows has a capability"));
    TRY(holds(census.tables.is_even(), "16: each paging structure is linked once, where its capability records it"));
    TRY(holds(census.pages.is_even(), "19: each mapped page is recorded by a capability to its frame"));
    TRY(holds(census.lines.is_even(), "7: every interrupt line in use has a handler"));
    return holds(census.ports.is_even(), "7: every I/O port that has been issued is in one capability");
}

} // namespace kernel
