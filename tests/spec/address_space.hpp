// SPDX-License-Identifier: BSD-2-Clause
// Address spaces: trees of tables, found by number.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// The PML4 that has this number; null if the space or its pool is gone.
Table* space_of(const System& system, unsigned asid);
/// A PML4 capability whose space lives.
bool is_live_space(const System& system, const Capability& cap);

/// log2 of what one entry of a table spans.
unsigned span(Type table);
unsigned index_in(const Table& table, Word address);
/// The table whose entries span 2^bits bytes, on the way to `address`. Throws Refusal.
Table& need_table(const System& system, Table& pml4, Word address, unsigned bits);

/// An entry of a table.
struct Location {
    Table* table;
    unsigned index;
    TableEntry entry() const { return table->entry(index); }
    void set(const TableEntry& entry) const { table->set(index, entry); }
    bool operator==(const Location&) const = default;
};
/// Where a frame or table (no PML4) is in the tables, if the capability's note of it still holds.
std::optional<Location> location_of(const System& system, const Capability& cap);
/// A table that a space is made of: it can be reached, or is the root of a space that lives.
bool is_hooked_in(const System& system, const Capability& table);
/// Takes a frame or table out of the tables, if the capability's note of where it is still holds.
void unmap(System& system, const Capability& cap);
/// An address space goes, or its pool.
void forget_space(System& system, Table& pml4);
void forget_pool(System& system, AsidPool& pool);

} // namespace spec
