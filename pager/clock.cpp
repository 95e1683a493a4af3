// SPDX-License-Identifier: BSD-2-Clause
// The steps of an eviction, each of which the pager may be killed after: nothing but reading is left to the client; the bytes
// are written to a slot that nobody names; the entry names the slot instead of the page.
#include <pager/clock.hpp>

#include <algorithm>

namespace pager {

bool Clock::may_go(const Client& client, Page page) const {
    const PageRecord& record = memory_.record(page);
    if (client.is(protocol::trait::pinned) || record.is_held || record.is_given)
        return false;
    // The pages of an object go when nobody looks at them any more.
    return !client.is_object() || record.mappings == 1;
}

/// Whether the page is the object's own, which others may be writing to, and not a private copy of it.
bool Clock::is_kept_by_object(const Region& region, Word address, Page page) const {
    if (region.backing != Backing::object)
        return false;
    const Entry kept = tables_.entry(*clients_.find(region.object), place_in_object(region, address));
    return kept.is_page() && kept.page() == page;
}

/// What the entry of a page is to name from now on: nothing where the region gives the same bytes again, else a slot that
/// holds them.
Result<Entry> Clock::save(Page page, bool dirty) {
    PageRecord& record = memory_.record(page);
    const bool is_known = record.is_known && !dirty;
    if (is_known && record.swap_slot == 0)
        return Entry();
    if (!is_known) {
        const bool can_overwrite = record.swap_slot != 0 && swap_.is_used_once(record.swap_slot - 1);
        const uint32_t slot = can_overwrite ? record.swap_slot - 1 : TRY(swap_.take());
        const Result<void> written = swap_.write(slot, kernel_memory::bytes(page));
        if (!can_overwrite) {
            if (!written) {
                swap_.release(slot);
                return written.error();
            }
            if (record.swap_slot != 0)
                swap_.release(record.swap_slot - 1);
        }
        record.swap_slot = slot + 1;
        record.is_known = static_cast<bool>(written);
        TRY(written);
    }
    swap_.retain(record.swap_slot - 1);
    return Entry::of_slot(record.swap_slot - 1);
}

bool Clock::evict(Client& client, Mirror& mirror, Word address) {
    const Region* const region = client.regions.find(address);
    const Entry entry = mirror.at(address);
    if (region == nullptr || !entry.is_page() || !may_go(client, entry.page()))
        return false;
    const Hold hold(memory_, entry.page());
    const auto at = Tables::entries_at(mirror, address);
    if (!kernel_memory::protect(at))
        return false;
    const auto noted = kernel_memory::harvest(at);
    if (!noted)
        return false;
    const Result<Entry> instead = is_kept_by_object(*region, address, entry.page())
                                      ? Result<Entry>(Entry())
                                      : save(entry.page(), noted->dirty[0]);
    if (!instead)
        return false;
    if (!kernel_memory::unmap(at, instead->is_swapped() ? cookie_of(instead->slot()) : 0))
        return false;
    tables_.note(client, mirror, address, *instead);
    ++client.faults.evicted;
    return true;
}

bool Clock::evict_piece(Client& client, Mirror& mirror, Word address) {
    const bool is_shared = memory_.pool().block_users(mirror.block) > 1; // nothing would be gained
    if (is_shared || client.is(protocol::trait::pinned) || swap_.used() == swap_.slots() ||
        !tables_.divide(client, mirror, address))
        return false;
    const Result<uint32_t> slot = swap_.take();
    if (!slot)
        return false;
    if (!swap_.write(*slot, Tables::piece(mirror, address))) {
        swap_.release(*slot);
        return false;
    }
    kernel_memory::set_cookie(Tables::entries_at(mirror, address), cookie_of(*slot));
    tables_.note(client, mirror, address, Entry::of_slot(*slot));
    ++client.faults.evicted;
    return true;
}

/// Memory is won when the last piece has gone, so it is all of them or none.
void Clock::visit_block(Client& client, Mirror& mirror, Word base) {
    if (tables_.is_whole_giant(client, base)) // it would take 262,144 pages to win any memory
        return;
    if (tables_.is_whole(mirror) && tables_.was_accessed(client, base))
        return;
    for (Word address = base; address < base + table_span; address += page_size)
        if (mirror.is_piece(address) && !evict_piece(client, mirror, address))
            return;
}

void Clock::visit(Client& client, Mirror& mirror, Word base) {
    if (!mirror.block.is_none())
        visit_block(client, mirror, base);
    if (mirror.present == 0)
        return;
    const auto noted = kernel_memory::harvest(Tables::entries_at(mirror, base, table_entries));
    if (!noted)
        return;
    const Word enough = memory_.free_count() + batch;
    for (unsigned i = 0; i < table_entries && memory_.free_count() < enough; ++i)
        if (mirror.entries[i].is_page() && !noted->accessed[i] && !is_spared(client, base + i * page_size))
            evict(client, mirror, base + i * page_size);
}

void Clock::spare(const Client& client, Word address) {
    const Spared page{&client, address};
    if (is_spared(client, address))
        return;
    spared_[next_spared_] = page;
    next_spared_ = (next_spared_ + 1) % spared_count;
}

bool Clock::is_spared(const Client& client, Word address) const {
    return std::find(std::begin(spared_), std::end(spared_), Spared{&client, address}) != std::end(spared_);
}

/// To the next page table, of this client or the next. Returns whether the hand has begun a new round.
bool Clock::step() {
    if (client_ == nullptr) {
        client_ = clients_.first();
        table_ = client_ == nullptr ? no_page : client_->newest;
        return true;
    }
    while (!table_.is_none()) {
        const PageRecord& record = memory_.record(table_);
        const Page here = table_;
        table_ = Page{record.next_of_client};
        if (record.use != Use::mirror)
            continue;
        visit(*client_, *Tables::at(here), record.address);
        return false;
    }
    client_ = clients_.next(*client_);
    table_ = client_ == nullptr ? no_page : client_->newest;
    return client_ == nullptr;
}

void Clock::watch_pressure() {
    const Word free = memory_.free_count();
    const Word total = memory_.pool().total();
    if (free > total / 6)
        has_told_pressure_ = false;
    if (free > total / 8 || has_told_pressure_)
        return;
    has_told_pressure_ = true;
    for (const Client* client = clients_.first(); client != nullptr; client = clients_.next(*client))
        if (client->watcher != 0)
            signal_pressure(*client);
}

bool Clock::make_room() {
    watch_pressure();
    const Word before = memory_.free_count();
    const Word enough = before + batch;
    constexpr unsigned most_rounds = 4; // the first may only forget accesses
    for (unsigned rounds = 0; rounds < most_rounds && memory_.free_count() < enough;)
        rounds += step() ? 1 : 0;
    return memory_.free_count() > before;
}

void Clock::forget(const Client& client) {
    for (Spared& page : spared_)
        page = page.client == &client ? Spared{} : page;
    if (client_ != &client)
        return;
    client_ = nullptr;
    table_ = no_page;
}

} // namespace pager
