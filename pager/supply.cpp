// SPDX-License-Identifier: BSD-2-Clause
// Where the page for an address comes from: the client has it, or others have it, or it is filled.
#include <pager/address_space.hpp>

#include <algorithm>
#include <string.h>

namespace pager {

using protocol::Error;

/// A frame; when there is none, others lose pages for it.
Result<Page> AddressSpaces::obtain(bool clear) {
    for (;;) {
        const Result<Page> frame = clear ? memory_.take_clear_frame() : memory_.take_frame();
        if (frame || !(frame.error() == Error::no_memory_page) || !clock_.make_room())
            return frame ? Result<Page>(*frame) : Result<Page>(frame.error());
    }
}

Result<Mirror*> AddressSpaces::ensure_tables(Client& client, Word address) {
    for (;;) {
        const Result<Mirror*> mirror = tables_.ensure(client, address);
        if (mirror)
            return *mirror;
        const sys::Error& error = mirror.error();
        const bool is_short = error == Error::no_memory_pdpt || error == Error::no_memory_pd ||
                              error == Error::no_memory_pt || error == Error::no_memory_page;
        if (!is_short || !clock_.make_room())
            return error;
    }
}

Result<void> AddressSpaces::require_quota(const Client& client) const {
    if (client.frames + client.swapped >= client.quota_frames)
        return sys::Error(Error::over_quota, 0);
    return {};
}

/// The part of an image region's file bytes that belongs on the page at `address`, and zeroes.
Result<Page> AddressSpaces::from_archive(const Region& region, Word address) {
    const Word start = std::max(address, region.file_bytes.start);
    const Word end = std::min(address + page_size, region.file_bytes.end);
    const Page page = TRY(obtain(start != address || end != address + page_size));
    memory_.record(page).is_known = true;
    if (start >= end)
        return page;
    const Word offset = region.source + (start - region.file_bytes.start);
    if (offset > archive_.size() || end - start > archive_.size() - offset) {
        memory_.put_back_frame(page);
        return Error::bad_archive_range;
    }
    memcpy(kernel_memory::bytes(page) + (start - address), archive_.data() + offset, end - start);
    return page;
}

/// Those who have lost a page get it back even when nobody gets new ones: then it leaves its slot to the next that goes.
Result<Page> AddressSpaces::from_slot(uint32_t slot) {
    if (memory_.is_short())
        clock_.make_room();
    const Page page = TRY(memory_.take_reserved_frame());
    const Result<void> read = swap_.read(slot, kernel_memory::bytes(page));
    if (!read) {
        memory_.put_back_frame(page);
        return read.error();
    }
    if (swap_.used() + Memory::reserve < swap_.slots()) {
        swap_.retain(slot);
        memory_.record(page).swap_slot = slot + 1;
        memory_.record(page).is_known = true;
    }
    return page;
}

/// A copy of a piece. Making room for it may have taken the piece away.
Result<AddressSpaces::Content> AddressSpaces::from_block(Client& client, Region& region, Mirror& mirror, Word address,
                                                         bool write) {
    const Page page = TRY(obtain(false));
    if (!mirror.is_piece(address)) {
        memory_.put_back_frame(page);
        return content(client, region, mirror, address, write);
    }
    memory_.record(page).is_known = false;
    memcpy(kernel_memory::bytes(page), Tables::piece(mirror, address), page_size);
    ++client.faults.copied;
    return Content{page, region.writable};
}

/// Small pages and huge ones that are there already stay what they are.
bool AddressSpaces::may_have_giant(const Client& client, Word base) const {
    constexpr Word pages = giant_span / page_size;
    constexpr Word most_tables = 2 * Giant::parts + 3; // mirrors and page tables, PDPT, page directory, CNode
    constexpr Word memory = Giant::parts * (chunk_pages - record_pages) + most_tables;
    return client.frames + client.swapped + pages <= client.quota_frames &&
           client.tables + most_tables <= client.quota_tables &&
           memory_.free_count() > memory_.pool().total() / 16 + memory && tables_.is_empty_gigabyte(client, base);
}

Result<bool> AddressSpaces::new_giant(Client& client, const Region& region, Word base) {
    const Result<Giant> giant = memory_.take_giant();
    if (!giant)
        return false;
    if (!tables_.add_giant(client, base, *giant, {.write = region.writable})) {
        memory_.put_back_giant(*giant);
        return false;
    }
    ++client.faults.huge;
    return true;
}

Result<bool> AddressSpaces::provide_giant(Client& client, const Region& region, Word address, bool write) {
    const Word base = address / giant_span * giant_span;
    if (base < region.range.start || base + giant_span > region.range.end)
        return false;
    if (!tables_.is_whole_giant(client, base))
        return may_have_giant(client, base) ? new_giant(client, region, base) : Result<bool>(false);
    const Giant giant = Giant::of_chunk(tables_.find(client, base)->block.chunk());
    const bool is_alone = memory_.pool().giant_users(giant) == 1;
    if (write && !is_alone)
        return false;
    TRY(tables_.map_giant(client, base, {.write = region.writable && is_alone}));
    return true;
}

/// What is mapped around the address in small pages stays so. Memory that is scarce goes by small pages, too.
bool AddressSpaces::may_have_block(const Client& client, const Mirror* mirror) const {
    constexpr Word most_tables = 5; // PDPT, page directory, page table, its mirror, and a CNode for the capability
    if (client.frames + client.swapped + table_entries > client.quota_frames ||
        client.tables + most_tables > client.quota_tables ||
        memory_.free_count() <= memory_.pool().total() / 16 + table_entries)
        return false;
    return mirror == nullptr ||
           std::ranges::all_of(mirror->entries, [](const Entry& entry) { return entry.is_empty(); });
}

Result<bool> AddressSpaces::new_block(Client& client, const Region& region, Word base) {
    const Result<Block> block = memory_.take_block();
    if (!block)
        return false;
    const Result<Mirror*> mirror = tables_.ensure_for_block(client, base);
    if (!mirror) {
        memory_.put_back_block(*block);
        return false;
    }
    ++client.faults.huge;
    TRY(tables_.map_block(client, **mirror, base, *block, {.write = region.writable}));
    return true;
}

Result<bool> AddressSpaces::provide_block(Client& client, const Region& region, Word address, bool write) {
    const Word base = address / table_span * table_span;
    if (!region.is_huge || base < region.range.start || base + table_span > region.range.end)
        return false;
    Mirror* const mirror = tables_.find(client, base);
    if ((mirror == nullptr || tables_.is_part(*mirror)) && TRY(provide_giant(client, region, address, write)))
        return true;
    if (mirror == nullptr || mirror->block.is_none())
        return may_have_block(client, mirror) ? new_block(client, region, base) : Result<bool>(false);
    const bool is_alone = memory_.pool().block_users(mirror->block) == 1;
    if (!tables_.is_whole(*mirror) || (write && !is_alone))
        return false;
    TRY(tables_.map_block(client, *mirror, base, mirror->block, {.write = region.writable && is_alone}));
    return true;
}

/// The page of a memory object, in memory and mapped in the object's own space.
Result<Page> AddressSpaces::of_object(const Region& region, Word address) {
    Client* const object = clients_.find(region.object);
    if (object == nullptr)
        return Error::no_such_region;
    const Word there = place_in_object(region, address);
    const Decision decision = decide(object->regions, {.address = there});
    if (decision.refusal != Refusal::none)
        return Error::no_such_region;
    if (!tables_.entry(*object, there).is_page())
        TRY(provide(*object, *decision.region, there, false));
    return tables_.entry(*object, there).page();
}

Result<Page> AddressSpaces::copy_of(Page page) {
    const Hold hold(memory_, page);
    const Page copy = TRY(obtain(false));
    memory_.record(copy).is_known = false;
    memcpy(kernel_memory::bytes(copy), kernel_memory::bytes(page), page_size);
    return copy;
}

/// There is a page already: it may be written to if nobody else has it, or all who have it shall see it.
Result<AddressSpaces::Content> AddressSpaces::present_content(Client& client, const Region& region, Page page,
                                                              bool write) {
    if (region.is_shared() || client.is_object() || memory_.record(page).mappings == 1) {
        // What was noted of writes so far goes with the old mapping.
        memory_.record(page).is_known &= !region.writable;
        return Content{page, region.writable};
    }
    if (!write)
        return Content{page, false};
    ++client.faults.copied;
    return Content{TRY(copy_of(page)), true};
}

Result<AddressSpaces::Content> AddressSpaces::first_content(Client& client, Region& region, Word address, bool write) {
    if (region.backing != Backing::lent)
        TRY(require_quota(client));
    switch (region.backing) {
    case Backing::anonymous:
    case Backing::stack: {
        const Page page = TRY(obtain(true));
        memory_.record(page).is_known = true;
        ++client.faults.zero;
        return Content{page, region.writable};
    }
    case Backing::image: ++client.faults.file; return Content{TRY(from_archive(region, address)), region.writable};
    case Backing::lent: return Content{no_page, region.writable};
    case Backing::object: break;
    }
    const Page page = TRY(of_object(region, address));
    if (region.is_private && write) {
        ++client.faults.copied;
        return Content{TRY(copy_of(page)), true};
    }
    ++client.faults.shared;
    const bool writable = region.writable && !region.is_private;
    memory_.record(page).is_known &= !writable; // writes are noted in the entries of those who write
    return Content{page, writable};
}

Result<AddressSpaces::Content> AddressSpaces::content(Client& client, Region& region, Mirror& mirror, Word address,
                                                      bool write) {
    const Entry entry = mirror.at(address);
    if (mirror.is_piece(address))
        return from_block(client, region, mirror, address, write);
    if (entry.is_page())
        return present_content(client, region, entry.page(), write);
    if (!entry.is_swapped())
        return first_content(client, region, address, write);
    ++client.faults.swapped_in;
    return Content{TRY(from_slot(entry.slot())), region.writable};
}

Result<Supply> AddressSpaces::supply(Client& client, Region& region, Word address, bool write) {
    clock_.watch_pressure();
    Mirror& mirror = *TRY(ensure_tables(client, address));
    const Content content = TRY(this->content(client, region, mirror, address, write));
    Supply supply{&client,
                  &mirror,
                  address,
                  content.page,
                  0,
                  {.read = true,
                   .write = content.writable,
                   .execute = region.executable,
                   .memory = static_cast<abi::MemoryType>(region.memory_type)}};
    if (content.page.is_none()) {
        supply.source = kernel_memory::lent_slot(region.source + (address - region.range.start) / page_size);
        return supply;
    }
    memory_.record(content.page).is_held = true;
    supply.source = kernel_memory::object_slot(content.page);
    return supply;
}

void AddressSpaces::settle(const Supply& supply) {
    if (supply.page.is_none())
        return tables_.note(*supply.client, *supply.mirror, supply.address, Entry::of_lent());
    memory_.record(supply.page).is_held = false;
    tables_.note_page(*supply.client, *supply.mirror, supply.address, supply.page);
}

void AddressSpaces::drop(const Supply& supply) {
    if (supply.page.is_none())
        return;
    PageRecord& record = memory_.record(supply.page);
    record.is_held = false;
    if (record.mappings != 0)
        return;
    if (record.swap_slot != 0)
        swap_.release(record.swap_slot - 1);
    memory_.put_back_frame(supply.page);
}

} // namespace pager
