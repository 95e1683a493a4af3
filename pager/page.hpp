// SPDX-License-Identifier: BSD-2-Clause
// Numbers of the pages in the pager's care, and the record it keeps of each.
#pragma once

#include <stdint.h>
#include <sys/protocol/pager_startup.hpp>

namespace pager {

using sys::slot::Word;

/// A 4 KiB page of a 2 MiB chunk: chunk * 512 + index in the chunk's CNode. Number 0, a page of records, means "none".
struct Page {
    uint32_t number = 0;
    constexpr bool is_none() const { return number == 0; }
    constexpr uint32_t chunk() const { return number >> 9; }
    constexpr uint32_t index() const { return number & 511; }
    constexpr bool operator==(const Page&) const = default;
};
inline constexpr Page no_page{};

/// The first 32 KiB of a chunk hold the CNode with the capabilities to the others; then come `chunk_pages` pages, the first
/// `record_pages` of which hold the records of all.
inline constexpr unsigned chunk_cnode_pages = (1u << sys::protocol::pager_startup::leaf_bits) * 32 / 4096;
inline constexpr unsigned chunk_pages = 512 - chunk_cnode_pages;
inline constexpr unsigned record_pages = 3;

/// What a page is used as.
enum class Use : uint32_t {
    free,
    leaf, ///< mapped at its address
    structure, ///< PML4, PDPT, page directory or page table
    copies, ///< CNode with copies of lent frames for 128 pages from its address on
    own, ///< the pager's
};

struct PageRecord {
    Word address; ///< in the space of its client, page-aligned
    Use use;
    uint32_t client; ///< index of the client
    uint32_t next_in_bucket;
    uint32_t next_of_client; ///< towards older pages
};

/// Lies in the first pages of each chunk.
struct ChunkRecords {
    uint64_t taken[8];
    PageRecord records[chunk_pages];
};
static_assert(sizeof(ChunkRecords) <= record_pages * 4096 && sizeof(PageRecord) == 24);

} // namespace pager
