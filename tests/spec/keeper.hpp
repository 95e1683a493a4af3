// SPDX-License-Identifier: BSD-2-Clause
// Page faults of threads with a keeper table: the page tables say who is told.
#pragma once

#include <spec/address_space.hpp>

namespace spec {

/// What a walk to an address finds.
struct KeeperWalk {
    std::optional<Location>
        end; ///< the entry where it ended; none outside of the user half, and of a space that is gone
    unsigned level = 4; ///< of that entry: 4 PML4 to 1 page table
    unsigned keeper = 0, keeper_level = 0; ///< the deepest index on the way; 0: none
    TableEntry entry() const { return end ? end->entry() : TableEntry{}; }
};
KeeperWalk walk_to_keeper(const System& system, Table& pml4, Word address, unsigned until_bits = 12);

/// The endpoint in the slot of `index` of the keeper table of `thread`, if faults can be sent there.
const Capability* keeper_endpoint(const Thread& thread, unsigned index);
/// `thread` has a keeper table and a page fault, which becomes a keeper fault. Returns through what it is told; null: nobody.
const Capability* begin_keeper_fault(System& system, Thread& thread);
/// The message of its keeper fault, by the tables as they are.
Words keeper_message(const System& system, const Thread& thread);
/// The tables permit by now what `thread` tried, and it did not go on for that reason just before.
bool is_settled(const System& system, Thread& thread);

} // namespace spec
