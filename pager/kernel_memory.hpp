// SPDX-License-Identifier: BSD-2-Clause
// What the pager asks of the kernel, one function a step. The host tests link a simulated kernel instead
// (tests/host/support/fake_kernel_memory.cpp), which can be told to fail at any step.
#pragma once

#include <pager/page.hpp>
#include <sys/cap/frame.hpp>

namespace pager::kernel_memory {

using sys::Result;

struct SplitChunk {
    ChunkRecords* records;
    unsigned pages_used; ///< of the chunk's pages, for records and the pager's own tables
};
/// Cuts a 2 MiB untyped into pages and maps their records, zeroed.
Result<SplitChunk> split_chunk(uint32_t chunk);

/// Makes an object out of a free page: a frame (which reads as zero), a paging structure, or a CNode of 128 slots.
Result<void> make(Page page, abi::ObjectType type);
/// Destroys what was made of a page, wherever it is mapped.
void reclaim(Page page);

Result<void> assign_space_number(Page pml4);
/// All faults in the user half are told to slot `protocol::pager::keeper` of the keeper tables.
Result<void> set_keeper(Page pml4);
Result<void> map_page(Page frame, Page pml4, Word address, const sys::PageAccess& access);
Result<void> map_structure(Page structure, sys::MissingLevel level, Page pml4, Word address);

/// Maps a frame in the pager's scratch window, and nowhere else; one at a time.
Result<uint8_t*> open(Page frame);
/// Unmaps it again.
Result<void> close(Page frame);

/// Copies a lent frame's capability into slot `index` of a CNode that was made of `copies`.
Result<void> copy_lent(Word lent_slot, Page copies, unsigned index);
Result<void> map_copy(Page copies, unsigned index, Page pml4, Word address, const sys::PageAccess& access);

/// Where the object made of a page can be named.
Word object_slot(Page page);

} // namespace pager::kernel_memory
