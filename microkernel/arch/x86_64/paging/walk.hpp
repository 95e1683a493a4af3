// SPDX-License-Identifier: BSD-2-Clause
// Walking the table tree of an address space, as the CPU does. No allocation, no changes.
#pragma once

#include <arch/x86_64/paging/entry.hpp>
#include <mem/direct_map.hpp>

namespace kernel {

struct WalkResult {
    Entry* entry; ///< never null
    Level level;  ///< of the table that holds the entry
};

/// The entry for `address` in `table`, one of `level`.
[[gnu::always_inline]] inline Entry* entry_in(PhysAddr table, VirtAddr address, Level level) {
    return &window<Table>(table)->entries[table_index(address, level)];
}

/// From the PML4 `root` down to a table of level `stop`, or to the first entry that does not lead on.
inline WalkResult walk(PhysAddr root, VirtAddr address, Level stop = Level::pt) {
    Entry* entry = entry_in(root, address, Level::pml4);
    if (stop == Level::pml4 || !entry->leads_on())
        return {entry, Level::pml4};
    entry = entry_in(entry->table_address(), address, Level::pdpt);
    if (stop == Level::pdpt || !entry->leads_on())
        return {entry, Level::pdpt};
    entry = entry_in(entry->table_address(), address, Level::pd);
    if (stop == Level::pd || !entry->leads_on())
        return {entry, Level::pd};
    return {entry_in(entry->table_address(), address, Level::pt), Level::pt};
}

/// The live entry becomes `value` in one step; returns what it was, with what the CPU noted in it.
inline Entry exchange(Entry& entry, Entry value) {
    return Entry(__atomic_exchange_n(reinterpret_cast<Word*>(&entry), value.raw(), __ATOMIC_SEQ_CST));
}

} // namespace kernel
