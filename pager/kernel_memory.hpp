// SPDX-License-Identifier: BSD-2-Clause
// What the pager asks of the kernel, one function a step. The host tests link a simulated kernel instead
// (tests/host/support/fake_kernel_memory.cpp), which can be told to fail, or to kill the pager, at any step.
#pragma once

#include <pager/page.hpp>
#include <span>
#include <sys/cap/frame.hpp>
#include <sys/cap/range.hpp>
#include <sys/pager/table_entry.hpp>

namespace pager::kernel_memory {

using sys::Result;

struct SplitChunk {
    ChunkRecords* records;
    unsigned pages_used; ///< of the chunk's pages, for records and the pager's own tables
};
/// Cuts a 2 MiB untyped into pages and maps their records, zeroed.
Result<SplitChunk> split_chunk(uint32_t chunk);

/// Destroys whatever was made of a chunk, and wherever it is mapped.
void make_whole(uint32_t chunk);

/// Makes an object out of a free page: a frame (which reads as zero), a paging structure, or a CNode of 128 slots.
Result<void> make(Page page, abi::ObjectType type);
/// Destroys what was made of a page, wherever it is mapped.
void reclaim(Page page);
/// Maps a new frame where `bytes` finds it, for as long as it is a frame.
Result<void> show(Page frame);
uint8_t* bytes(Page frame);

Result<void> assign_space_number(Page pml4);
/// All faults in the user half are told to slot `protocol::pager::keeper` of the keeper tables.
Result<void> set_keeper(Page pml4);
Result<void> map_structure(Page structure, sys::MissingLevel level, Page pml4, Word address);
/// A page table with nothing in it is hooked in no longer.
Result<void> remove_table(Page table);

/// Makes one frame of a whole chunk; it reads as zero.
Result<void> make_block(uint32_t chunk);
/// Maps it in the window, where there is a page directory as soon as any chunk of the same GiB was cut up.
Result<void> show_block(uint32_t chunk);
/// Of a part of a giant page, too.
const uint8_t* block_bytes(uint32_t chunk);

/// Makes the chunks of 1 GiB.
Result<void> make_chunks(Giant giant);
/// Makes one frame of it; it reads as zero.
Result<void> make_giant(Giant giant);
/// Maps it in the window. illegal_operation: the CPU has no pages of this size.
Result<void> show_giant(Giant giant);
/// Destroys whatever was made of it, and wherever it is mapped.
void make_whole(Giant giant);

/// Entries of one table, which must not reach beyond it: it is `structure`, or below that.
struct Entries {
    Page structure;
    Word address = 0;
    Word count = 1;
    unsigned size_bits = abi::page_bits; ///< what one entry maps: 12, 21 or 30
};
/// Maps copies of the frame capabilities in neighbouring slots from `source` on; the copies go to slots from `into` on.
Result<void> map_copies(const Entries& entries, Word source, Word into, const sys::PageAccess& access);
/// Only reading is left.
Result<void> protect(const Entries& entries);
/// Leaves `cookie` in each that showed a page.
Result<void> unmap(const Entries& entries, Word cookie);
/// Where nothing is present.
void set_cookie(const Entries& entries, Word cookie);
/// What was accessed since last asked, and what was written to since mapped.
Result<sys::PageTables::Harvested> harvest(const Entries& entries);

/// Where the object made of a page can be named.
Word object_slot(Page page);
Word copy_slot(Page copies, unsigned index);
Word block_slot(uint32_t chunk);
Word giant_slot(Giant giant);
Word lent_slot(Word index);

// ---- what a new instance of the pager finds ------------------------------------------------------------------------

enum class ChunkState { whole, cut, unfinished, block };
ChunkState state_of(uint32_t chunk);
ChunkRecords* records_of(uint32_t chunk);
enum class GiantState { whole, chunks, unfinished, page };
GiantState state_of(Giant giant);

struct Made {
    abi::SlotType type = abi::SlotType::empty; ///< empty: nothing is made of the page
    bool is_mapped = false;
};
/// What is made of the pages of a chunk from `first` on; as many as `made` has room for or the kernel shows at once.
unsigned inspect(uint32_t chunk, unsigned first, std::span<Made> made);
/// Entries of a page table, as many as the kernel shows at once.
unsigned read(const Entries& entries, std::span<sys::pager::TableEntry> out);

} // namespace pager::kernel_memory
