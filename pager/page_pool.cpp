// SPDX-License-Identifier: BSD-2-Clause
// The accounts of the pool.
#include <pager/page_pool.hpp>

#include <algorithm>
#include <bit>
#include <pager/kernel_memory.hpp>
#include <sys/protocol/pager.hpp>

namespace pager {

using sys::protocol::pager::Error;

Result<void> PagePool::add_chunk(Word physical) {
    if (chunk_count_ == sys::protocol::pager_startup::max_chunks)
        return sys::ErrorCode::out_of_range;
    append_chunk(physical);
    return {};
}

void PagePool::append_chunk(Word physical) {
    Chunk& chunk = chunks_[chunk_count_++];
    chunk = {};
    chunk.is_there = true;
    chunk.physical = physical;
    chunk.free = chunk.capacity;
    total_ += chunk_pages - record_pages;
    free_ += chunk_pages - record_pages;
}

Result<void> PagePool::add_giant(Word physical) {
    const Giant giant{(chunk_count_ + Giant::parts - 1) / Giant::parts};
    if (giant.chunks_end() > std::size(chunks_))
        return sys::ErrorCode::out_of_range;
    while (chunk_count_ < giant.first_chunk())
        chunks_[chunk_count_++] = {.capacity = 0};
    for (uint32_t i = 0; i < Giant::parts; ++i)
        append_chunk(physical + (Word{i} << sys::protocol::pager_startup::chunk_bits));
    giants_[giant.number] = GiantState::whole;
    return {};
}

/// Chunks of memory that was kept for a giant page so far.
Result<void> PagePool::make(uint32_t chunk) {
    if (is_made(chunk))
        return {};
    const Giant giant = Giant::of_chunk(chunk);
    TRY(kernel_memory::make_chunks(giant));
    make_chunks(giant);
    return {};
}

Result<void> PagePool::split(uint32_t number) {
    TRY(make(number));
    Chunk& chunk = chunks_[number];
    const kernel_memory::SplitChunk done = TRY(kernel_memory::split_chunk(number));
    chunk.records = done.records;
    for (unsigned index = 0; index < done.pages_used; ++index) {
        chunk.records->taken[index / 64] |= uint64_t{1} << index % 64;
        chunk.records->records[index].use = Use::own;
    }
    const Word beyond_records = done.pages_used - record_pages;
    chunk.free -= static_cast<uint32_t>(beyond_records);
    chunk.capacity -= static_cast<uint32_t>(beyond_records);
    total_ -= beyond_records;
    free_ -= beyond_records;
    chunk.records->complete = ChunkRecords::complete_mark; // last: from here on recovery trusts what is in it
    return {};
}

Page PagePool::take_from(uint32_t number) {
    Chunk& chunk = chunks_[number];
    for (unsigned word = 0; word < 8; ++word) {
        const unsigned bit = static_cast<unsigned>(std::countr_one(chunk.records->taken[word]));
        if (bit == 64)
            continue;
        const unsigned index = word * 64 + bit;
        if (index >= chunk_pages)
            return no_page;
        chunk.records->taken[word] |= uint64_t{1} << bit;
        --chunk.free;
        --free_;
        return Page{number << 9 | index};
    }
    return no_page;
}

Result<Page> PagePool::allocate() {
    for (uint32_t number = hint_; number < chunk_count_; ++number) {
        if (chunks_[number].free == 0)
            continue;
        if (chunks_[number].records == nullptr)
            TRY(split(number));
        const Page page = take_from(number);
        if (page.is_none())
            continue;
        hint_ = number;
        return page;
    }
    hint_ = chunk_count_;
    return Error::no_memory_page;
}

void PagePool::release(Page page) {
    Chunk& chunk = chunks_[page.chunk()];
    chunk.records->taken[page.index() / 64] &= ~(uint64_t{1} << page.index() % 64);
    record(page) = {};
    ++chunk.free;
    ++free_;
    if (page.chunk() < hint_)
        hint_ = page.chunk();
}

void PagePool::mark_taken(Page page) {
    Chunk& chunk = chunks_[page.chunk()];
    chunk.records->taken[page.index() / 64] |= uint64_t{1} << page.index() % 64;
    --chunk.free;
    --free_;
}

void PagePool::adopt(uint32_t number, ChunkRecords* records) {
    Chunk& chunk = chunks_[number];
    chunk.records = records;
    for (uint64_t& word : records->taken)
        word = 0;
    for (unsigned index = 0; index < chunk_pages; ++index) {
        if (records->records[index].use != Use::own)
            continue;
        records->taken[index / 64] |= uint64_t{1} << index % 64;
        if (index < record_pages)
            continue; // not counted from the start
        --chunk.free;
        --chunk.capacity;
        --free_;
        --total_;
    }
}

/// From the end: pages are taken from the beginning. In a GiB of the window where no chunk was cut up yet there is no page
/// directory to show a block with: then the first whole one there is to be cut up for that, so there must be one before.
std::optional<uint32_t> PagePool::find_whole_chunk(GiantState wanted) const {
    for (uint32_t number = chunk_count_; number-- > 1;) {
        if (!is_whole(number) || state(number) != wanted)
            continue;
        for (uint32_t near = Giant::of_chunk(number).first_chunk(); near < number; ++near)
            if (!chunks_[near].is_block)
                return number;
    }
    return std::nullopt;
}

/// Memory for giant pages is kept together as long as there is other memory.
Result<uint32_t> PagePool::find_whole_chunk() {
    std::optional<uint32_t> number = find_whole_chunk(GiantState::chunks);
    if (!number)
        number = find_whole_chunk(GiantState::whole);
    if (!number)
        return Error::no_memory_page;
    uint32_t near = Giant::of_chunk(*number).first_chunk();
    while (chunks_[near].is_block)
        ++near;
    if (!is_cut(near))
        TRY(split(near));
    return *number;
}

std::optional<uint32_t> PagePool::find_idle_chunk() const {
    // The first one holds the ledger. Some hold tables of the window for others.
    constexpr uint32_t own_tables = 1;
    for (uint32_t number = 1; number < chunk_count_; ++number) {
        const Chunk& chunk = chunks_[number];
        if (chunk.records != nullptr && chunk.capacity + record_pages + own_tables == chunk_pages && is_idle(number))
            return number;
    }
    return std::nullopt;
}

void PagePool::make_whole(uint32_t number) {
    Chunk& chunk = chunks_[number];
    constexpr uint32_t all = chunk_pages - record_pages;
    free_ += all - (chunk.is_block ? 0 : chunk.free);
    total_ += all - chunk.capacity;
    chunk = {.is_there = true, .physical = chunk.physical, .free = all};
    if (number < hint_)
        hint_ = number;
}

void PagePool::make_block(uint32_t number) {
    Chunk& chunk = chunks_[number];
    chunk.is_block = true;
    free_ -= chunk.free;
    chunk.free = 0;
}

std::optional<Giant> PagePool::find_giant() const {
    std::optional<Giant> found;
    for_each_giant([&](Giant giant) {
        if (state(giant.first_chunk()) == GiantState::page ||
            (found && state(found->first_chunk()) == GiantState::whole))
            return;
        for (uint32_t chunk = giant.first_chunk(); chunk < giant.chunks_end(); ++chunk)
            if (chunks_[chunk].is_block || !is_idle(chunk))
                return;
        found = giant;
    });
    return found;
}

void PagePool::make_giant(Giant giant) {
    giants_[giant.number] = GiantState::page;
    for (uint32_t chunk = giant.first_chunk(); chunk < giant.chunks_end(); ++chunk)
        make_block(chunk);
}

void PagePool::make_whole(Giant giant) {
    giants_[giant.number] = GiantState::whole;
    for (uint32_t chunk = giant.first_chunk(); chunk < giant.chunks_end(); ++chunk)
        make_whole(chunk);
}

uint32_t PagePool::giant_users(Giant giant) const {
    uint32_t most = 0;
    for (uint32_t chunk = giant.first_chunk(); chunk < giant.chunks_end(); ++chunk)
        most = std::max(most, chunks_[chunk].users);
    return most;
}

Page PagePool::page_at(Word physical) {
    // Neighbours in a table are often of one chunk, or of the next.
    for (uint32_t looked = 0; looked < chunk_count_; ++looked) {
        const uint32_t number = (found_last_ + looked) % chunk_count_;
        const Chunk& chunk = chunks_[number];
        if (chunk.records == nullptr || physical - chunk.physical >= Word{1} << 21)
            continue;
        found_last_ = number;
        const Word place = (physical - chunk.physical) / page_size;
        return place < chunk_cnode_pages ? no_page
                                         : Page{number << 9 | static_cast<uint32_t>(place - chunk_cnode_pages)};
    }
    return no_page;
}

uint32_t PagePool::bucket_of(uint32_t owner, Word address) {
    const Word mixed = (address ^ Word{owner} << 40) * 0x9e37'79b9'7f4a'7c15;
    return static_cast<uint32_t>(mixed >> 51);
}

void PagePool::enter(Page page, uint32_t owner, Word address, Use use, Page& owner_list) {
    PageRecord& entry = record(page);
    entry.address = address;
    entry.client = owner;
    entry.use = use;
    entry.next_of_client = owner_list.number;
    owner_list = page;
    if (!is_hashed(use))
        return;
    uint32_t& bucket = buckets_[bucket_of(owner, address)];
    entry.next_in_bucket = bucket;
    bucket = page.number + 1;
}

void PagePool::unhash(Page page) {
    const PageRecord& entry = record(page);
    if (!is_hashed(entry.use))
        return;
    uint32_t* link = &buckets_[bucket_of(entry.client, entry.address)];
    while (*link != page.number + 1)
        link = &record(Page{*link - 1}).next_in_bucket;
    *link = entry.next_in_bucket;
}

Page PagePool::remove_newest(Page& owner_list) {
    const Page page = owner_list;
    unhash(page);
    owner_list = Page{record(page).next_of_client};
    return page;
}

Page PagePool::find(uint32_t owner, Word address) const {
    for (uint32_t next = buckets_[bucket_of(owner, address)]; next != 0;) {
        const Page page{next - 1};
        const PageRecord& entry = record(page);
        if (entry.client == owner && entry.address == address)
            return page;
        next = entry.next_in_bucket;
    }
    return no_page;
}

} // namespace pager
