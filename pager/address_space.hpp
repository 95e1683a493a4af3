// SPDX-License-Identifier: BSD-2-Clause
// What a page holds and who sees it: regions of clients, and how their pages come to be mapped. Every step that fails is
// undone.
#pragma once

#include <pager/clock.hpp>
#include <pager/fault_handler.hpp>
#include <sys/ipc/pager.hpp>

namespace pager {

/// What image regions are copied from.
using Archive = std::span<const uint8_t>;

/// A page that is to be mapped for a client, in the answer to its fault.
struct Supply {
    Client* client = nullptr;
    Mirror* mirror = nullptr;
    Word address = 0;
    Page page; ///< none: a lent frame, `source` names it
    Word source = 0; ///< capability
    sys::PageAccess access;

    sys::MapItem item() const {
        return {sys::Object(source),
                {address, access.page_rights(), static_cast<Word>(access.memory), true, true},
                sys::Object(Tables::copy_slot(*mirror, address))};
    }
};

class AddressSpaces {
public:
    AddressSpaces(Memory& memory, ClientTable& clients, Tables& tables, Swap& swap, Clock& clock, Archive archive)
        : memory_(memory), clients_(clients), tables_(tables), swap_(swap), clock_(clock), archive_(archive) {}

    struct Limits {
        Word frames = 0;
        Word tables = 0;
    };
    /// A new, empty address space.
    Result<Client*> create(Word number, const Limits& limits, Word request);
    /// Unmaps and frees everything; returns how many pages that were.
    Word destroy(Client& client);
    /// A new address space with all that another one has: what is written from now on is written to copies.
    Result<Client*> clone(Client& parent, Word number, Word request);

    /// Adds a region, and maps `present` (part of its range, perhaps empty) at once.
    Result<Region*> map(Client& client, const Region& region, Range present);
    /// Takes a region away; returns the pages freed. `request` is noted, for a caller who repeats it.
    Result<Word> unmap(Client& client, Region& region, Word request);
    /// Goes on with what `unmap` began.
    Result<Word> finish_unmap(Client& client, Region& region);

    /// A page for `address`, of `region`: allocated, filled, not yet mapped. It is to be mapped and settled, or dropped.
    Result<Supply> supply(Client& client, Region& region, Word address, bool write);
    /// It is not to be taken away at once (clock.hpp).
    void spare(const Client& client, Word address) { clock_.spare(client, address); }
    /// It was mapped.
    void settle(const Supply& supply);
    /// It was not.
    void drop(const Supply& supply);
    /// All of this by calls.
    Result<void> provide(Client& client, Region& region, Word address, bool write);
    /// A giant or huge page around `address`, if there is one already, or the region, the quota and the memory allow one.
    /// False: it must be a small page. kernel_refused.
    Result<bool> provide_block(Client& client, const Region& region, Word address, bool write);
    /// All pages of a range, which must lie in regions: those before the first error stay.
    Result<void> populate(Client& client, Range range);
    /// Takes pages of a range away that the client does not need now; how many.
    Word evict(Client& client, Range range);
    /// Nobody maps an object any longer, or will: without a user it goes.
    void release_object(Client& object);
    /// Copies bytes into writable regions.
    Result<void> write(Client& client, Word address, std::span<const uint8_t> bytes);
    /// The frame behind an address, made present, for somebody else's use.
    Result<Page> give(Client& client, Word address);

    /// An address space that is `coming`: the caller says when it is there.
    Result<Client*> begin(Word number, const Limits& limits, Word request);

private:
    struct Content {
        Page page;
        bool writable = false;
    };
    Result<Page> obtain(bool clear);
    Result<void> require_quota(const Client& client) const;
    Result<Content> content(Client& client, Region& region, Mirror& mirror, Word address, bool write);
    Result<Content> first_content(Client& client, Region& region, Word address, bool write);
    Result<Content> present_content(Client& client, const Region& region, Page page, bool write);
    Result<Page> from_archive(const Region& region, Word address);
    Result<Page> from_slot(uint32_t slot);
    Result<Content> from_block(Client& client, Region& region, Mirror& mirror, Word address, bool write);
    bool may_have_giant(const Client& client, Word base) const;
    Result<bool> new_giant(Client& client, const Region& region, Word base);
    Result<bool> provide_giant(Client& client, const Region& region, Word address, bool write);
    bool may_have_block(const Client& client, const Mirror* mirror) const;
    Result<bool> new_block(Client& client, const Region& region, Word base);
    Result<Page> of_object(const Region& region, Word address);
    Result<Page> copy_of(Page page);
    Result<Mirror*> ensure_tables(Client& client, Word address);
    Result<void> copy_regions(Client& parent, Client& child);
    Result<void> clone_giant(Client& parent, Client& child, const Mirror& first, Word base);
    Result<void> clone_block(Client& parent, Client& child, Mirror& from, Word base);
    Result<void> clone_table(Client& parent, Client& child, Mirror& from, Word base);
    Result<void> share_run(Client& child, Mirror& from, Mirror& to, const Region& region, Word address, Word count);
    void drop_object_if_unused(Word number);

    Memory& memory_;
    ClientTable& clients_;
    Tables& tables_;
    Swap& swap_;
    Clock& clock_;
    Archive archive_;
};

} // namespace pager
