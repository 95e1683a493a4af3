// SPDX-License-Identifier: BSD-2-Clause
// The pager's kernel calls, and its CSpace as pager_startup.hpp draws it.
#include <pager/kernel_memory.hpp>

#include <pager/startup.hpp>
#include <sys/cap/asid.hpp>
#include <sys/cap/range.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/panic.hpp>

namespace pager::kernel_memory {

namespace {

namespace layout = sys::protocol::pager_startup;
using sys::Word;

constexpr Word leaf_shift = layout::copy_bits;
constexpr Word root_shift = layout::leaf_bits + layout::copy_bits;
constexpr Word records_address = layout::window_address + 4096;
constexpr sys::CNode root{sys::slot::cnode};
constexpr sys::VSpace own_space{layout::vspace_slot};

Word root_index_of_cnode(uint32_t chunk) { return layout::first_chunk + startup().chunk_count + chunk; }
Word leaf_pointer(uint32_t chunk, Word leaf) { return root_index_of_cnode(chunk) << root_shift | leaf << leaf_shift; }
Word untyped_slot(Page page) { return leaf_pointer(page.chunk(), page.index()); }
Word copy_pointer(Page copies, unsigned index) { return object_slot(copies) | index; }

/// A slot of a chunk's CNode as CNode operations name it.
sys::SlotRef leaf_ref(Word pointer) {
    return root.at(pointer >> leaf_shift, static_cast<unsigned>(startup().root_bits) + layout::leaf_bits);
}
/// A chunk's CNode as the destination of Retype.
sys::SlotRef chunk_node(uint32_t chunk) {
    return root.at(root_index_of_cnode(chunk), static_cast<unsigned>(startup().root_bits));
}
unsigned full_depth() { return static_cast<unsigned>(startup().root_bits) + layout::leaf_bits + layout::copy_bits; }

constexpr unsigned size_bits_of(abi::ObjectType type) { return type == abi::ObjectType::cnode ? layout::copy_bits : 0; }

/// Maps a page for the pager itself, making its tables of pages `next`, `next` + 1 ... of the same chunk.
Result<void> map_own(uint32_t chunk, unsigned& next, Page frame, Word address) {
    const sys::Frame capability(object_slot(frame));
    for (;;) {
        const Result<void> mapped = capability.map(own_space, address, sys::PageAccess::read_write());
        if (mapped || !sys::is_missing_level(mapped.error()))
            return mapped;
        const sys::MissingLevel level = sys::missing_level(mapped.error());
        const Page table{chunk << 9 | next++};
        TRY(make(table, sys::object_for(level)));
        TRY(sys::map_level(level, sys::Object(object_slot(table)), own_space, address));
    }
}

} // namespace

Word object_slot(Page page) { return leaf_pointer(page.chunk(), 512 + page.index()); }

Result<SplitChunk> split_chunk(uint32_t chunk) {
    const sys::Untyped memory((layout::first_chunk + chunk) << root_shift);
    TRY(memory.retype(abi::ObjectType::cnode, layout::leaf_bits, root.at(0, 0), root_index_of_cnode(chunk)));
    for (unsigned first = 0; first < chunk_pages; first += abi::max_retype_count) {
        const unsigned count =
            chunk_pages - first < abi::max_retype_count ? chunk_pages - first : abi::max_retype_count;
        TRY(memory.retype(abi::ObjectType::untyped, abi::page_bits, chunk_node(chunk), first, count));
    }
    unsigned used = record_pages;
    const Word address = records_address + chunk * Word{record_pages} * 4096;
    for (unsigned i = 0; i < record_pages; ++i) {
        const Page page{chunk << 9 | i};
        TRY(make(page, abi::ObjectType::frame_4k));
        TRY(map_own(chunk, used, page, address + i * 4096));
    }
    return SplitChunk{reinterpret_cast<ChunkRecords*>(address), used};
}

Result<void> make(Page page, abi::ObjectType type) {
    return sys::Untyped(untyped_slot(page))
        .retype(type, size_bits_of(type), chunk_node(page.chunk()), 512 + page.index());
}

void reclaim(Page page) {
    if (!leaf_ref(untyped_slot(page)).revoke())
        sys::panic("a page's untyped cannot be revoked");
}

Result<void> assign_space_number(Page pml4) {
    return sys::AsidPool(layout::asid_pool_slot).assign(sys::VSpace(object_slot(pml4)));
}

Result<void> set_keeper(Page pml4) {
    constexpr unsigned span_bits = 39;
    constexpr Word user_entries = 256;
    const sys::PageTables space{sys::Object(object_slot(pml4))};
    // A call may end early where an interrupt waits.
    for (Word done = 0; done < user_entries;) {
        const sys::EntryRange rest{done << span_bits, user_entries - done, span_bits};
        done += TRY(space.set_keeper(rest, sys::protocol::pager::keeper));
    }
    return {};
}

Result<void> map_page(Page frame, Page pml4, Word address, const sys::PageAccess& access) {
    return sys::Frame(object_slot(frame)).map(sys::VSpace(object_slot(pml4)), address, access);
}

Result<void> map_structure(Page structure, sys::MissingLevel level, Page pml4, Word address) {
    return sys::map_level(level, sys::Object(object_slot(structure)), sys::VSpace(object_slot(pml4)), address);
}

Result<uint8_t*> open(Page frame) {
    const sys::Frame capability(object_slot(frame));
    TRY(capability.unmap());
    TRY(capability.map(own_space, layout::window_address, sys::PageAccess::read_write()));
    return reinterpret_cast<uint8_t*>(layout::window_address);
}

Result<void> close(Page frame) { return sys::Frame(object_slot(frame)).unmap(); }

Result<void> copy_lent(Word lent_slot, Page copies, unsigned index) {
    const Word source = layout::lent_root << root_shift | lent_slot;
    return root.at(copy_pointer(copies, index), full_depth()).copy_from(root.at(source, full_depth()));
}

Result<void> map_copy(Page copies, unsigned index, Page pml4, Word address, const sys::PageAccess& access) {
    return sys::Frame(copy_pointer(copies, index)).map(sys::VSpace(object_slot(pml4)), address, access);
}

} // namespace pager::kernel_memory
