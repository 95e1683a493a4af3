// SPDX-License-Identifier: BSD-2-Clause
// Throwing away translations that no longer hold, before anybody can rely on their being gone.
#pragma once

#include <cap/capability.hpp>

namespace kernel {

/// A leaf of `asid` at `address` changed. Also flushes that space's paging-structure caches
/// (SDM Vol. 3A, "Operations that Invalidate TLBs and Paging-Structure Caches").
void invalidate_page(Asid asid, VirtAddr address);
/// Everything cached for `asid`, tables included.
void invalidate_space(Asid asid);

} // namespace kernel
