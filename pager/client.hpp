// SPDX-License-Identifier: BSD-2-Clause
// A client's line in the ledger: who it is, what it may hold, its regions. It lies in a page of its own that survives the
// pager; numbers of pages are counted anew by a new instance. A memory object is a client in whose space no thread runs.
#pragma once

#include <pager/region_map.hpp>

namespace pager {

/// In the space of a memory object: where its first page is.
inline constexpr Word object_base = Word{1} << 30;

/// Where the page for an address of a region that shows an object is in the object's own space.
constexpr Word place_in_object(const Region& region, Word address) {
    return object_base + region.source + (address - region.range.start);
}

/// Where a client is in its life. Written last when it comes, and first when it goes.
enum class ClientState : uint32_t { none, coming, there, going };

struct FaultCounts {
    Word served = 0; ///< all kinds
    Word zero = 0; ///< a page of zeroes
    Word file = 0; ///< bytes of the boot archive
    Word shared = 0; ///< a page that others have, too
    Word copied = 0; ///< written to while others had it
    Word swapped_in = 0;
    Word around = 0; ///< pages that came with a fault of their neighbour
    Word refused = 0;
    Word evicted = 0; ///< not a fault: pages taken away
    Word huge = 0; ///< huge pages of zeroes
    Word cycles = 0; ///< of the time-stamp counter, spent on them
};

struct Client {
    Word number = 0;
    ClientState state = ClientState::none;
    Page self;
    Page pml4;
    Word quota_frames = 0; ///< pages of memory, in frames or swapped out
    Word quota_tables = 0; ///< paging structures, and what the pager needs beside them
    Word slide = 0; ///< how far above first_free_choice the addresses begin that the pager chooses for it
    Word traits = 0; ///< protocol::trait
    Word request = 0; ///< number of the request that made it
    Word owner = 0; ///< of an object: the client that made it; 0 when that is gone

    uint32_t watcher = 0; ///< 1 + index of its notification for memory pressure
    bool is_swap_attached = false; ///< the swap server knows that it is in use
    uint32_t swap_slots = 0; ///< of the object through which the swap server is reached: how many it has; else 0

    Word frames = 0;
    Word tables = 0;
    Word swapped = 0;
    Word users = 0; ///< of an object: regions that show it
    Page newest; ///< head of the list of its pages
    Page next; ///< next client
    FaultCounts faults;

    /// The last requests that took something away, for callers that repeat them.
    struct Ended {
        Word request = 0;
        Word pages_freed = 0;
    };
    Ended ended[4];
    uint32_t next_ended = 0;

    RegionMap regions;

    bool is(Word trait) const { return (traits & trait) != 0; }
    bool is_object() const { return (number & protocol::object_bit) != 0; }
};
static_assert(sizeof(Client) <= page_size);

} // namespace pager
