// SPDX-License-Identifier: BSD-2-Clause
// Numbers of the pages in the pager's care, and the record it keeps of each.
#pragma once

#include <abi/object.hpp>
#include <atomic>
#include <stdint.h>
#include <sys/protocol/pager_startup.hpp>

namespace pager {

using sys::slot::Word;

inline constexpr Word page_size = Word{1} << abi::page_bits;

/// A 4 KiB page of a 2 MiB chunk: chunk * 512 + index in the chunk's CNode. Number 0, a page of records, means "none".
struct Page {
    uint32_t number = 0;
    constexpr bool is_none() const { return number == 0; }
    constexpr uint32_t chunk() const { return number >> 9; }
    constexpr uint32_t index() const { return number & 511; }
    constexpr bool operator==(const Page&) const = default;
};
inline constexpr Page no_page{};

/// A huge page of 2 MiB: a chunk that was not cut up, or part of a giant page.
struct Block {
    uint32_t raw = 0; ///< 1 + number of the chunk; 0: none
    static constexpr Block of_chunk(uint32_t chunk) { return {chunk + 1}; }
    constexpr bool is_none() const { return raw == 0; }
    constexpr uint32_t chunk() const { return raw - 1; }
    constexpr bool operator==(const Block&) const = default;
};

/// A giant page of 1 GiB, or the memory for it: 512 chunks, which are made when they are needed.
struct Giant {
    uint32_t number = 0; ///< of the first chunk / 512
    static constexpr uint32_t parts = sys::protocol::pager_startup::giant_chunks;
    static constexpr Giant of_chunk(uint32_t chunk) { return {chunk / parts}; }
    constexpr uint32_t first_chunk() const { return number * parts; }
    constexpr uint32_t chunks_end() const { return first_chunk() + parts; }
};

/// The first 32 KiB of a chunk hold the CNode with the capabilities to the others; then come `chunk_pages` pages, the first
/// `record_pages` of which hold the records of all.
inline constexpr unsigned chunk_cnode_pages = (1u << sys::protocol::pager_startup::leaf_bits) * 32 / 4096;
inline constexpr unsigned chunk_pages = 512 - chunk_cnode_pages;
inline constexpr unsigned record_pages = 4;

/// What a page is used as. All but `free`, `frame` and `own` belong to one client and are in its list.
enum class Use : uint8_t {
    free,
    frame, ///< memory that clients see, or a frame that waits to be used again
    structure, ///< PML4, PDPT, page directory or page table
    mirror, ///< frame: a Mirror
    copies, ///< CNode with the capabilities that are mapped in 128 neighbouring pages
    client, ///< frame: a Client
    own, ///< the pager's tables and records
};

/// Use, client and address are written before anything is made of the page, and survive the pager (recovery.hpp); the rest
/// is found again from the tables.
struct PageRecord {
    Word address; ///< of a structure, mirror or CNode of copies: the first it is for; of a client: its number
    uint32_t client; ///< page of the Client
    uint32_t next_in_bucket; ///< a frame that waits to be used again: the next such
    uint32_t next_of_client; ///< towards older pages
    uint32_t mappings; ///< of a frame: how many entries of clients name it; of a structure: 1 once it is hooked in
    uint32_t swap_slot; ///< of a frame: 1 + the slot that holds the same bytes, 0 = none
    Use use;
    uint8_t span_bits; ///< of a structure: 48 PML4, 39 PDPT, 30 page directory, 21 page table
    bool is_known; ///< of a frame: as long as no entry is dirty it holds what its region or swap slot gives
    bool is_held : 1; ///< of a frame: in use by the pager itself, not to be evicted
    bool is_given : 1; ///< of a frame: somebody else was given a capability; survives the pager, too
};

/// What survives the pager and belongs to no client; that of the first chunk counts.
struct Ledger {
    uint64_t next_object; ///< number of the next memory object
};

/// Lies in the first pages of each chunk.
struct ChunkRecords {
    static constexpr uint64_t complete_mark = 0x6b6e7568'63646e61;
    uint64_t complete; ///< `complete_mark` once the chunk has been cut up
    Ledger ledger;
    uint64_t taken[8];
    PageRecord records[chunk_pages];
};
static_assert(sizeof(ChunkRecords) <= record_pages * 4096 && sizeof(PageRecord) == 32);

/// Writes what makes everything written before it count, should the pager end here.
template <class T>
void commit(T& place, T value) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    place = value;
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

} // namespace pager
