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

/// A walk that also looks for the keeper in force: the deepest index on the way.
struct KeeperWalk {
    Entry* entry;          ///< where it ended
    Level level;           ///< of the table that holds the entry
    uint8_t keeper;        ///< the keeper in force at the address; 0 = none
    uint8_t keeper_level;  ///< of the entry that named it
};

inline KeeperWalk walk_to_keeper(PhysAddr root, VirtAddr address, Level stop = Level::pt) {
    KeeperWalk found{entry_in(root, address, Level::pml4), Level::pml4, 0, 0};
    // Written out level by level by the compiler, as walk() is.
    const auto ends_at = [&](Level level) {
        found.level = level;
        if (const unsigned index = found.entry->keeper(); index != 0) {
            found.keeper = static_cast<uint8_t>(index);
            found.keeper_level = static_cast<uint8_t>(level);
        }
        if (level == stop || !found.entry->leads_on())
            return true;
        found.entry = entry_in(found.entry->table_address(), address, level_below(level));
        return false;
    };
    if (!ends_at(Level::pml4) && !ends_at(Level::pdpt) && !ends_at(Level::pd)) {
        stop = Level::pt;
        ends_at(Level::pt);
    }
    return found;
}

/// The live entry becomes `value` in one step; returns what it was, with what the CPU noted in it.
inline Entry exchange(Entry& entry, Entry value) {
    return Entry(__atomic_exchange_n(reinterpret_cast<Word*>(&entry), value.raw(), __ATOMIC_SEQ_CST));
}

/// The live entry becomes what `change` makes of it, in one step; returns what it was.
template <class Change>
inline Entry update(Entry& entry, const Change& change) {
    Word old = entry.raw();
    while (!__atomic_compare_exchange_n(reinterpret_cast<Word*>(&entry), &old, change(Entry(old)).raw(), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return Entry(old);
}

} // namespace kernel
