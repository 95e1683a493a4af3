// SPDX-License-Identifier: BSD-2-Clause
// One client's address space: its regions, its pages, and how they come to be mapped. Every step that fails is undone.
#pragma once

#include <pager/fault_handler.hpp>
#include <pager/memory.hpp>
#include <span>
#include <sys/ipc/pager.hpp>

namespace pager {

/// What image regions are copied from.
using Archive = std::span<const uint8_t>;

class AddressSpace {
public:
    /// A new PML4 with an address-space number.
    Result<void> create(Memory& memory, Word client_number, uint32_t index, Word quota);
    /// Unmaps and frees everything; returns how many pages that were.
    Word destroy(Memory& memory);
    bool is_free() const { return number_ == 0; }

    /// Adds a region, and maps `present` (part of its range, perhaps empty) at once.
    Result<void> map(Memory& memory, Archive archive, const Region& region, Range present);
    /// Adds a region of lent frames and maps them all; `first_slot` names the first one.
    Result<void> map_lent(Memory& memory, const Region& region, Word first_slot, abi::MemoryType type);
    /// Takes away the region that starts at `start`; returns the pages freed.
    Result<Word> unmap(Memory& memory, Word start);

    /// Makes the page at `address`, of `region`, present.
    Result<void> provide(Memory& memory, Archive archive, const Region& region, Word address);
    /// A page for `address`, of `region`, that is to be mapped by the answer to a fault. A null capability: it has one, or is
    /// lent, and has to be provided.
    Result<sys::MapItem> take_for_answer(Memory& memory, Archive archive, const Region& region, Word address);
    /// All pages of a range, which must lie in regions: all or none.
    Result<void> populate(Memory& memory, Archive archive, Range range);
    /// Copies bytes into writable regions.
    Result<void> write(Memory& memory, Archive archive, Word address, std::span<const uint8_t> bytes);
    /// The page behind an address, made present.
    Result<Page> page_at(Memory& memory, Archive archive, Word address);

    Word number() const { return number_; }
    Page pml4() const { return pml4_; }
    const RegionMap& regions() const { return regions_; }
    const Account& account() const { return account_; }

private:
    template <class Attempt>
    Result<void> with_structures(Memory& memory, Word address, const Attempt& attempt);
    Result<void> provide_new(Memory& memory, Archive archive, const Region& region, Word address);
    Result<void> map_copies(Memory& memory, const Region& region, Word first_slot, abi::MemoryType type);

    Word number_ = 0; ///< of the client; 0 = this one is free
    Account account_;
    Page pml4_;
    RegionMap regions_;
};

} // namespace pager
