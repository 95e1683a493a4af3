// SPDX-License-Identifier: BSD-2-Clause
// Cloning an address space: parent and child have the same pages, and neither may write to them until it is given a copy.
#include <pager/address_space.hpp>

#include <algorithm>

namespace pager {

using protocol::Error;

Result<void> AddressSpaces::copy_regions(Client& parent, Client& child) {
    for (unsigned i = 0; i < RegionMap::capacity; ++i) {
        const Region& region = parent.regions[i];
        if (region.state != RegionState::there)
            continue;
        Region copy = region;
        copy.request = 0;
        copy.faults = 0;
        Region* const place = TRY(child.regions.insert(copy));
        if (copy.backing == Backing::object)
            ++clients_.find(copy.object)->users;
        commit(place->state, RegionState::there);
    }
    return {};
}

/// Neighbouring present pages of one region and one CNode of copies.
Result<void> AddressSpaces::share_run(Client& child, Mirror& from, Mirror& to, const Region& region, Word address,
                                      Word count) {
    TRY(or_refused(kernel_memory::protect(Tables::entries_at(from, address, count))));
    const sys::PageAccess access{.execute = region.executable};
    TRY(or_refused(kernel_memory::map_copies(Tables::entries_at(to, address, count), Tables::copy_slot(from, address),
                                             Tables::copy_slot(to, address), access)));
    for (Word i = 0; i < count; ++i) {
        const Word here = address + i * page_size;
        const Page page = from.at(here).page();
        if (region.writable)
            memory_.record(page).is_known = false; // whether it was written to is noted in the parent's entry only
        tables_.note_page(child, to, here, page);
    }
    return {};
}

/// Both have the giant page, and neither may write to it.
Result<void> AddressSpaces::clone_giant(Client& parent, Client& child, const Mirror& first, Word base) {
    TRY(tables_.protect_giant(parent, base));
    return tables_.add_giant(child, base, Giant::of_chunk(first.block.chunk()), {});
}

/// Both have the huge page, or what is left of it, and neither may write to it.
Result<void> AddressSpaces::clone_block(Client& parent, Client& child, Mirror& from, Word base) {
    Mirror& to = *TRY(tables_.ensure_for_block(child, base));
    if (tables_.is_part(from)) {
        tables_.note_block(child, to, from.block);
        return {};
    }
    if (tables_.is_whole(from))
        TRY(tables_.protect_block(parent, base));
    TRY(tables_.map_block(child, to, base, from.block, {}));
    return {};
}

Result<void> AddressSpaces::clone_table(Client& parent, Client& child, Mirror& from, Word base) {
    if (tables_.is_whole_giant(parent, base)) // with its first part come the others
        return base % giant_span == 0 ? clone_giant(parent, child, from, base) : Result<void>();
    if (!from.block.is_none())
        TRY(clone_block(parent, child, from, base));
    for (Word address = base; address < base + table_span;) {
        const Entry entry = from.at(address);
        Region* const region = parent.regions.find(address);
        const bool is_own = entry.is_page() || entry.is_swapped();
        if (region == nullptr || !is_own || region->is_shared()) {
            address += page_size; // comes with the first fault
            continue;
        }
        Mirror& to = *TRY(ensure_tables(child, address));
        if (!from.at(address).is_page()) { // making tables may have cost the page
            if (const Entry now = from.at(address); now.is_swapped()) {
                swap_.retain(now.slot());
                kernel_memory::set_cookie(Tables::entries_at(to, address), cookie_of(now.slot()));
                tables_.note(child, to, address, now);
            }
            address += page_size;
            continue;
        }
        if (memory_.record(from.at(address).page()).is_given) {
            const Supply copy{&child,  &to,
                              address, TRY(copy_of(from.at(address).page())),
                              0,       {.write = region->writable, .execute = region->executable}};
            const Result<void> mapped =
                kernel_memory::map_copies(Tables::entries_at(to, address), kernel_memory::object_slot(copy.page),
                                          Tables::copy_slot(to, address), copy.access);
            if (!mapped) {
                drop(copy);
                return or_refused(mapped);
            }
            settle(copy);
            address += page_size;
            continue;
        }
        constexpr Word group = copies_per_page * page_size;
        const Word end = std::min(region->range.end, (address / group + 1) * group);
        Word next = address;
        while (next < end && from.at(next).is_page() && !memory_.record(from.at(next).page()).is_given)
            next += page_size;
        TRY(share_run(child, from, to, *region, address, (next - address) / page_size));
        address = next;
    }
    return {};
}

Result<Client*> AddressSpaces::clone(Client& parent, Word number, Word request) {
    Client& child = *TRY(begin(number, {parent.quota_frames, parent.quota_tables}, request));
    child.slide = parent.slide;
    child.traits = parent.traits & protocol::trait::pinned;
    Result<void> done = copy_regions(parent, child);
    tables_.for_each(parent, [&](Mirror& from, Word base) {
        if (done)
            done = clone_table(parent, child, from, base);
    });
    if (!done) {
        destroy(child);
        return done.error();
    }
    commit(child.state, ClientState::there);
    return &child;
}

} // namespace pager
