// SPDX-License-Identifier: BSD-2-Clause
// Walking the table tree of an address space, as the CPU does. No allocation, no changes.
#pragma once

#include <arch/x86_64/paging/entry.hpp>

namespace kernel {

struct WalkResult {
    Entry* entry; ///< never null
    Level level;  ///< of the table that holds the entry
};

/// From the PML4 `root` down to a table of level `stop`, or to the first entry that does not lead on.
WalkResult walk(PhysAddr root, VirtAddr address, Level stop = Level::pt);

/// The live entry becomes `value` in one step; returns what it was, with what the CPU noted in it.
Entry exchange(Entry& entry, Entry value);

} // namespace kernel
