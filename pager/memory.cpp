// SPDX-License-Identifier: BSD-2-Clause
// Taking and giving back.
#include <pager/memory.hpp>

#include <string.h>
#include <sys/protocol/pager.hpp>

namespace pager {

namespace {

using protocol::Error;

Error no_memory_for(abi::ObjectType type) {
    switch (type) {
    case abi::ObjectType::pml4: return Error::no_memory_pml4;
    case abi::ObjectType::pdpt: return Error::no_memory_pdpt;
    case abi::ObjectType::page_directory: return Error::no_memory_pd;
    case abi::ObjectType::page_table: return Error::no_memory_pt;
    default: return Error::no_memory_page;
    }
}

} // namespace

Result<Page> Memory::take_waiting() {
    if (first_waiting_.is_none())
        return Error::no_memory_page;
    const Page frame = first_waiting_;
    first_waiting_ = Page{record(frame).next_in_bucket};
    record(frame).next_in_bucket = 0;
    --waiting_;
    pool_.note_waiting(frame, false);
    return frame;
}

Page Memory::take_stocked() {
    const Page frame = stock_[--stocked_];
    pool_.note_waiting(frame, false);
    return frame;
}

Result<Page> Memory::make_frame() {
    const Page page = TRY(pool_.allocate());
    Result<void> made = kernel_memory::make(page, abi::ObjectType::frame_4k);
    if (made) {
        made = kernel_memory::show(page);
        if (!made)
            kernel_memory::reclaim(page);
    }
    if (!made) {
        pool_.release(page);
        return made.error();
    }
    record(page).use = Use::frame;
    return page;
}

Result<Page> Memory::take_clear_frame() {
    if (is_short())
        return Error::no_memory_page;
    return obtain_clear();
}

Result<Page> Memory::take_frame() {
    if (is_short())
        return Error::no_memory_page;
    return take_reserved_frame();
}

Result<Page> Memory::obtain_clear() {
    if (stocked_ > 0)
        return take_stocked();
    const Result<Page> waiting = take_waiting();
    if (!waiting)
        return make_frame();
    memset(kernel_memory::bytes(*waiting), 0, page_size);
    return *waiting;
}

Result<Page> Memory::take_reserved_frame() {
    const Result<Page> waiting = take_waiting();
    return waiting ? Result<Page>(*waiting) : obtain_clear();
}

void Memory::put_back_frame(Page frame) {
    if (record(frame).is_given) {
        kernel_memory::reclaim(frame);
        pool_.release(frame);
        return;
    }
    record(frame) = {};
    record(frame).use = Use::frame;
    record(frame).next_in_bucket = first_waiting_.number;
    first_waiting_ = frame;
    ++waiting_;
    pool_.note_waiting(frame, true);
}

/// A page with nothing made of it: from the pool, or what was a frame.
Result<Page> Memory::obtain_raw() {
    if (is_short())
        return Error::no_memory_page;
    const Result<Page> page = pool_.allocate();
    if (page)
        return *page;
    const Page frame = stocked_ > 0 ? take_stocked() : TRY(take_waiting());
    kernel_memory::reclaim(frame);
    record(frame) = {};
    return frame;
}

Result<Page> Memory::take_for(Client& client, abi::ObjectType type, Use use, Word address, uint8_t span_bits) {
    const bool is_frame = type == abi::ObjectType::frame_4k;
    const Result<Page> page = is_frame ? take_clear_frame() : obtain_raw();
    if (!page)
        return no_memory_for(type);
    // What it is for is written down before anything is made of it.
    const uint32_t owner = use == Use::client ? 0 : client.self.number;
    pool_.enter(*page, owner, address, use, client.newest);
    record(*page).span_bits = span_bits;
    if (is_frame)
        return *page;
    const Result<void> made = kernel_memory::make(*page, type);
    if (made)
        return *page;
    pool_.remove_newest(client.newest);
    pool_.release(*page);
    return made.error() == abi::Error::not_enough_memory ? sys::Error(no_memory_for(type)) : made.error();
}

void Memory::give_back_newest(Client& client) {
    const Page page = pool_.remove_newest(client.newest);
    if (record(page).use == Use::mirror || record(page).use == Use::client) {
        put_back_frame(page);
        return;
    }
    kernel_memory::reclaim(page);
    pool_.release(page);
}

void Memory::refill_stock() {
    while (stocked_ < stock_size) {
        const Result<Page> waiting = take_waiting();
        if (waiting)
            memset(kernel_memory::bytes(*waiting), 0, page_size);
        const Result<Page> frame = waiting ? Result<Page>(*waiting) : make_frame();
        if (!frame)
            return;
        stock_[stocked_++] = *frame;
        pool_.note_waiting(*frame, true);
    }
}

/// Frames that wait in the stock or the list, of chunks from `first` to before `end`, which are about to be whole again.
void Memory::forget_waiting(uint32_t first, uint32_t end) {
    const auto is_there = [&](Page frame) { return frame.chunk() >= first && frame.chunk() < end; };
    unsigned kept = 0;
    for (unsigned i = 0; i < stocked_; ++i)
        if (!is_there(stock_[i]))
            stock_[kept++] = stock_[i];
    stocked_ = kept;
    Page others;
    for (Page frame = first_waiting_; !frame.is_none();) {
        const Page next{record(frame).next_in_bucket};
        if (is_there(frame)) {
            --waiting_;
        } else {
            record(frame).next_in_bucket = others.number;
            others = frame;
        }
        frame = next;
    }
    first_waiting_ = others;
}

/// One that was never cut up, or whose pages all came back.
Result<uint32_t> Memory::find_chunk() {
    const Result<uint32_t> whole = pool_.find_whole_chunk();
    if (whole)
        return *whole;
    const std::optional<uint32_t> idle = pool_.find_idle_chunk();
    if (!idle)
        return whole.error();
    forget_waiting(*idle, *idle + 1);
    kernel_memory::make_whole(*idle);
    pool_.make_whole(*idle);
    return *idle;
}

Result<Block> Memory::take_block() {
    const uint32_t chunk = TRY(find_chunk());
    Result<void> made = kernel_memory::make_block(chunk);
    if (made)
        made = kernel_memory::show_block(chunk);
    if (!made) {
        kernel_memory::make_whole(chunk);
        return made.error();
    }
    pool_.make_block(chunk);
    return Block::of_chunk(chunk);
}

Result<Giant> Memory::find_giant() {
    const std::optional<Giant> found = pool_.find_giant();
    if (!found || !has_giants_)
        return Error::no_memory_page;
    if (pool_.is_made(found->first_chunk())) {
        forget_waiting(found->first_chunk(), found->chunks_end());
        kernel_memory::make_whole(*found);
        pool_.make_whole(*found);
    }
    return *found;
}

Result<Giant> Memory::take_giant() {
    const Giant giant = TRY(find_giant());
    Result<void> made = kernel_memory::make_giant(giant);
    if (made)
        made = kernel_memory::show_giant(giant);
    if (!made) {
        kernel_memory::make_whole(giant);
        has_giants_ = made.error() != abi::Error::illegal_operation; // not every CPU has them
        return made.error();
    }
    pool_.make_giant(giant);
    return giant;
}

void Memory::put_back_giant(Giant giant) {
    if (!pool_.is_giant_page(giant.first_chunk()) || pool_.giant_users(giant) != 0)
        return;
    kernel_memory::make_whole(giant);
    pool_.make_whole(giant);
}

void Memory::put_back_block(Block block) {
    if (pool_.is_giant_page(block.chunk()))
        return put_back_giant(Giant::of_chunk(block.chunk()));
    kernel_memory::make_whole(block.chunk());
    pool_.make_whole(block.chunk());
}

} // namespace pager
