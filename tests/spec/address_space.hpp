// SPDX-License-Identifier: BSD-2-Clause
// Address spaces: trees of tables, found by number.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// The PML4 that has this number; null if the space or its pool is gone.
Table* space_of(const System& system, unsigned asid);
/// A PML4 capability whose space lives.
bool is_live_space(const System& system, const Capability& cap);

/// Takes a frame out of the tables, if the capability's note of where it is still holds.
void unmap_frame(System& system, const Capability& cap);
/// Takes a table out of the tables, likewise.
void unmap_table(System& system, const Capability& cap);
/// An address space goes, or its pool.
void forget_space(System& system, Table& pml4);
void forget_pool(System& system, AsidPool& pool);

} // namespace spec
