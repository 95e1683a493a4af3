// SPDX-License-Identifier: BSD-2-Clause
// Which pages are free, and where clients and their mirrors are: a bitmap per chunk, a hash from (owner, address).
// Calls the kernel only to make chunks and to split them.
#pragma once

#include <optional>
#include <pager/page.hpp>
#include <sys/result.hpp>

namespace pager {

using sys::Result;

class PagePool {
public:
    /// A 2 MiB chunk of RAM. Nothing happens to it until pages are needed.
    Result<void> add_chunk(Word physical);
    /// 1 GiB of RAM. Its chunks have numbers from the next multiple of 512 on; those left out are of no chunk.
    Result<void> add_giant(Word physical);

    /// A free page; no_memory_page if there is none.
    Result<Page> allocate();
    /// Nothing is made of the page any longer.
    void release(Page page);

    /// Enters a page under an owner (page of a Client; 0: it is one) and an address; `owner_list` is the owner's newest page
    /// so far, and becomes this one.
    void enter(Page page, uint32_t owner, Word address, Use use, Page& owner_list);
    /// Takes out the newest page of a list.
    Page remove_newest(Page& owner_list);
    /// The mirror or client entered under an owner and an address.
    Page find(uint32_t owner, Word address) const;

    PageRecord& record(Page page) const { return chunks_[page.chunk()].records->records[page.index()]; }
    Word physical(Page page) const {
        return chunks_[page.chunk()].physical + (chunk_cnode_pages + page.index()) * page_size;
    }
    /// The page of a physical address; none if it is not in a chunk that was cut up.
    Page page_at(Word physical);
    Word total() const { return total_; }
    Word free_count() const { return free_; }

    /// There once the first page was allocated.
    Ledger& ledger() { return chunks_[0].records->ledger; }
    uint32_t chunk_count() const { return chunk_count_; }
    /// There are capabilities to it: it is not of memory for a giant page as a whole.
    bool is_made(uint32_t chunk) const { return chunks_[chunk].is_there && state(chunk) == GiantState::chunks; }
    bool is_cut(uint32_t chunk) const { return chunks_[chunk].records != nullptr; }
    /// A chunk that an earlier instance cut up: only the pager's own pages are taken.
    void adopt(uint32_t chunk, ChunkRecords* records);
    /// A free page of an adopted chunk is in use after all.
    void mark_taken(Page page);

    // ---- huge pages: chunks that are not cut up --------------------------------------------------------------------------
    /// A whole chunk that can be a block; no_memory_page if there is none.
    Result<uint32_t> find_whole_chunk();
    /// A chunk of which only its records are in use, and frames that wait; nothing if there is none.
    std::optional<uint32_t> find_idle_chunk() const;
    /// A frame waits to be used again, or no longer.
    void note_waiting(Page frame, bool waits) { chunks_[frame.chunk()].waiting += waits ? 1 : -1u; }
    /// All that was made of it is gone.
    void make_whole(uint32_t chunk);
    void make_block(uint32_t chunk);
    bool is_block(uint32_t chunk) const { return chunk < chunk_count_ && chunks_[chunk].is_block; }
    /// Mirrors that name it.
    uint32_t& block_users(Block block) { return chunks_[block.chunk()].users; }

    // ---- giant pages ---------------------------------------------------------------------------------------------------
    /// Calls `visit(giant)` for the memory of each.
    template <class Visit>
    void for_each_giant(const Visit& visit) const {
        for (Giant giant{}; giant.first_chunk() < chunk_count_; ++giant.number)
            if (giants_[giant.number] != GiantState::none)
                visit(giant);
    }
    /// Memory that can be a giant page: of no use now, or all its chunks are whole or idle; nothing if there is none.
    std::optional<Giant> find_giant() const;
    bool is_giant_page(uint32_t chunk) const { return state(chunk) == GiantState::page; }
    /// Its chunks have been made.
    void make_chunks(Giant giant) { giants_[giant.number] = GiantState::chunks; }
    void make_giant(Giant giant);
    /// All that was made of it is gone.
    void make_whole(Giant giant);
    /// How many mirrors name the same part of a giant page, at most.
    uint32_t giant_users(Giant giant) const;

private:
    enum class GiantState : uint8_t {
        none, ///< chunks that came as such
        whole, ///< nothing is made of it
        chunks,
        page,
    };
    /// Of chunks that came as such: `chunks`.
    GiantState state(uint32_t chunk) const {
        const GiantState state = giants_[Giant::of_chunk(chunk).number];
        return state == GiantState::none ? GiantState::chunks : state;
    }
    struct Chunk {
        bool is_there = false;
        Word physical = 0;
        ChunkRecords* records = nullptr; ///< null: not split yet
        uint32_t free = 0;
        uint32_t waiting = 0; ///< frames that nobody has
        uint32_t capacity = chunk_pages - record_pages; ///< pages that are not the pager's own
        uint32_t users = 0; ///< of a block
        bool is_block = false;
    };
    static constexpr unsigned bucket_count = 8192;
    bool is_whole(uint32_t chunk) const {
        return chunks_[chunk].is_there && !is_cut(chunk) && !chunks_[chunk].is_block;
    }
    bool is_idle(uint32_t chunk) const {
        return chunks_[chunk].free + chunks_[chunk].waiting == chunks_[chunk].capacity;
    }
    std::optional<uint32_t> find_whole_chunk(GiantState wanted) const;
    Result<void> make(uint32_t chunk);
    void append_chunk(Word physical);

    Result<void> split(uint32_t chunk);
    Page take_from(uint32_t chunk);
    static uint32_t bucket_of(uint32_t owner, Word address);
    static bool is_hashed(Use use) { return use == Use::mirror || use == Use::client; }
    void unhash(Page page);

    Chunk chunks_[sys::protocol::pager_startup::max_chunks];
    GiantState giants_[sys::protocol::pager_startup::max_chunks / Giant::parts] = {};
    uint32_t chunk_count_ = 0;
    uint32_t hint_ = 0; ///< no chunk below has a free page
    uint32_t found_last_ = 0; ///< where page_at begins to look
    Word total_ = 0;
    Word free_ = 0;
    uint32_t buckets_[bucket_count] = {}; ///< page number + 1; 0 = empty
};

} // namespace pager
