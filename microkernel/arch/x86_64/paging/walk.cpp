// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/paging/walk.hpp>
#include <mem/direct_map.hpp>

namespace kernel {

WalkResult walk(PhysAddr root, VirtAddr address, Level stop) {
    PhysAddr table = root;
    for (Level level = Level::pml4;; level = level_below(level)) {
        Entry* entry = &window<Table>(table)->entries[table_index(address, level)];
        if (level == stop || !entry->is_table(level))
            return {entry, level};
        table = entry->table_address();
    }
}

Entry exchange(Entry& entry, Entry value) {
    return Entry(__atomic_exchange_n(reinterpret_cast<Word*>(&entry), value.raw(), __ATOMIC_SEQ_CST));
}

} // namespace kernel
