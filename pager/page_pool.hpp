// SPDX-License-Identifier: BSD-2-Clause
// Which pages are free, who has the others and where: a bitmap per chunk, a list per client, a hash from (client, address).
// Calls the kernel only to split a chunk.
#pragma once

#include <pager/page.hpp>
#include <sys/result.hpp>

namespace pager {

using sys::Result;

class PagePool {
public:
    /// A 2 MiB chunk of RAM. Nothing happens to it until pages are needed.
    Result<void> add_chunk(Word physical);

    /// A free page; no_memory_page if there is none.
    Result<Page> allocate();
    /// Nothing is made of the page any longer.
    void release(Page page);

    /// Enters a page under an owner and an address; `owner_list` is the owner's newest page so far, and becomes this one.
    void enter(Page page, uint32_t client, Word address, Use use, Page& owner_list);
    /// Takes out the newest page of a list.
    Page remove_newest(Page& owner_list);
    /// Takes out any page of a list.
    void remove(Page page, Page& owner_list);
    /// The leaf or copies page that a client has for an address.
    Page find(uint32_t client, Word address) const;

    PageRecord& record(Page page) const { return chunks_[page.chunk()].records->records[page.index()]; }
    Word physical(Page page) const {
        return chunks_[page.chunk()].physical + (chunk_cnode_pages + page.index()) * Word{4096};
    }
    Word total() const { return total_; }
    Word free_count() const { return free_; }

private:
    struct Chunk {
        Word physical = 0;
        ChunkRecords* records = nullptr; ///< null: not split yet
        uint32_t free = 0;
    };
    static constexpr unsigned bucket_count = 8192;

    Result<void> split(uint32_t chunk);
    Page take_from(uint32_t chunk);
    static uint32_t bucket_of(uint32_t client, Word address);
    bool is_hashed(Use use) const { return use == Use::leaf || use == Use::copies; }
    void unhash(Page page);

    Chunk chunks_[sys::protocol::pager_startup::max_chunks];
    uint32_t chunk_count_ = 0;
    uint32_t hint_ = 0; ///< no chunk below has a free page
    Word total_ = 0;
    Word free_ = 0;
    uint32_t buckets_[bucket_count] = {}; ///< page number + 1; 0 = empty
};

} // namespace pager
