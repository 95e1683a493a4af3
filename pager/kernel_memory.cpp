// SPDX-License-Identifier: BSD-2-Clause
// The pager's kernel calls, and its CSpace as pager_startup.hpp draws it.
#include <pager/kernel_memory.hpp>

#include <pager/startup.hpp>
#include <sys/cap/asid.hpp>
#include <sys/cap/range.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/raw/memory.hpp>
#include <sys/util/panic.hpp>

namespace pager::kernel_memory {

namespace {

namespace layout = sys::protocol::pager_startup;
using sys::Word;

constexpr Word leaf_shift = layout::copy_bits;
constexpr Word root_shift = layout::leaf_bits + layout::copy_bits;
constexpr sys::CNode root{sys::slot::cnode};
constexpr sys::VSpace own_space{layout::vspace_slot};

Word root_index_of_cnode(uint32_t chunk) { return layout::first_chunk + startup().chunk_count + chunk; }
/// Of the untyped that is whole, or cut into chunks.
Word root_index_of_giant(Giant giant) {
    const Word first = startup().chunk_count / Giant::parts - startup().giant_count;
    return layout::first_chunk + 2 * startup().chunk_count + (giant.number - first);
}
Word leaf_pointer(uint32_t chunk, Word leaf) { return root_index_of_cnode(chunk) << root_shift | leaf << leaf_shift; }
Word untyped_slot(Page page) { return leaf_pointer(page.chunk(), page.index()); }

/// A slot of a chunk's CNode as CNode operations name it.
sys::SlotRef leaf_ref(Word pointer) {
    return root.at(pointer >> leaf_shift, static_cast<unsigned>(startup().root_bits) + layout::leaf_bits);
}
/// A chunk's CNode as the destination of Retype.
sys::SlotRef chunk_node(uint32_t chunk) {
    return root.at(root_index_of_cnode(chunk), static_cast<unsigned>(startup().root_bits));
}

constexpr unsigned size_bits_of(abi::ObjectType type) { return type == abi::ObjectType::cnode ? layout::copy_bits : 0; }

constexpr sys::EntryRange range_of(const Entries& entries, Word done) {
    return {entries.address + (done << entries.size_bits), entries.count - done, entries.size_bits};
}
sys::PageTables tables(const Entries& entries) { return sys::PageTables(sys::Object(object_slot(entries.structure))); }

/// A call on a range may end early where an interrupt waits: `step(done)` does some more and says how many.
template <class Step>
Result<void> go_through(Word count, const Step& step) {
    for (Word done = 0; done < count;)
        done += TRY(step(done));
    return {};
}

/// Where a frame is in the pager's window.
Word place_of(Page frame) {
    const Word place = (Word{frame.chunk()} << 9) + chunk_cnode_pages + frame.index();
    return layout::window_address + place * page_size;
}

/// Maps a page for the pager itself, making its tables of pages `next`, `next` + 1 ... of the same chunk.
Result<void> show_with_tables(Page frame, unsigned& next) {
    for (;;) {
        const Result<void> mapped = show(frame);
        if (mapped || !sys::is_missing_level(mapped.error()))
            return mapped;
        const sys::MissingLevel level = sys::missing_level(mapped.error());
        const Page table{frame.chunk() << 9 | next++};
        TRY(make(table, sys::object_for(level)));
        TRY(sys::map_level(level, sys::Object(object_slot(table)), own_space, place_of(frame)));
    }
}

} // namespace

Word object_slot(Page page) { return leaf_pointer(page.chunk(), 512 + page.index()); }
Word copy_slot(Page copies, unsigned index) { return object_slot(copies) | index; }
Word block_slot(uint32_t chunk) { return root_index_of_cnode(chunk) << root_shift; }
Word giant_slot(Giant giant) { return block_slot(giant.first_chunk()); }
Word lent_slot(Word index) { return layout::lent_root << root_shift | index; }

uint8_t* bytes(Page frame) { return static_cast<uint8_t*>(sys::raw::memory(place_of(frame))); }
ChunkRecords* records_of(uint32_t chunk) { return reinterpret_cast<ChunkRecords*>(bytes(Page{chunk << 9})); }

Result<SplitChunk> split_chunk(uint32_t chunk) {
    const sys::Untyped memory((layout::first_chunk + chunk) << root_shift);
    TRY(memory.retype(abi::ObjectType::cnode, layout::leaf_bits, root.at(0, 0), root_index_of_cnode(chunk)));
    for (unsigned first = 0; first < chunk_pages; first += abi::max_retype_count) {
        const unsigned count =
            chunk_pages - first < abi::max_retype_count ? chunk_pages - first : abi::max_retype_count;
        TRY(memory.retype(abi::ObjectType::untyped, abi::page_bits, chunk_node(chunk), first, count));
    }
    unsigned used = record_pages;
    for (unsigned i = 0; i < record_pages; ++i) {
        const Page page{chunk << 9 | i};
        TRY(make(page, abi::ObjectType::frame_4k));
        TRY(show_with_tables(page, used));
    }
    return SplitChunk{records_of(chunk), used};
}

Result<void> make(Page page, abi::ObjectType type) {
    return sys::Untyped(untyped_slot(page))
        .retype(type, size_bits_of(type), chunk_node(page.chunk()), 512 + page.index());
}

void reclaim(Page page) {
    if (!leaf_ref(untyped_slot(page)).revoke())
        sys::panic("a page's untyped cannot be revoked");
}

Result<void> show(Page frame) {
    return sys::Frame(object_slot(frame)).map(own_space, place_of(frame), sys::PageAccess::read_write());
}

Result<void> make_block(uint32_t chunk) {
    return sys::Untyped((layout::first_chunk + chunk) << root_shift)
        .retype(abi::ObjectType::frame_2m, 0, root.at(0, 0), root_index_of_cnode(chunk));
}

Result<void> show_block(uint32_t chunk) {
    const auto address = reinterpret_cast<Word>(block_bytes(chunk));
    return sys::Frame(block_slot(chunk)).map(own_space, address, sys::PageAccess::read_only());
}

Result<void> make_chunks(Giant giant) {
    const sys::Untyped memory(root_index_of_giant(giant) << root_shift);
    for (Word done = 0; done < Giant::parts; done += abi::max_retype_count)
        TRY(memory.retype(abi::ObjectType::untyped, layout::chunk_bits, root.at(0, 0),
                          layout::first_chunk + giant.first_chunk() + done, abi::max_retype_count));
    return {};
}

Result<void> make_giant(Giant giant) {
    return sys::Untyped(root_index_of_giant(giant) << root_shift)
        .retype(abi::ObjectType::frame_1g, 0, root.at(0, 0), root_index_of_cnode(giant.first_chunk()));
}

Result<void> show_giant(Giant giant) {
    const auto address = reinterpret_cast<Word>(block_bytes(giant.first_chunk()));
    return sys::Frame(giant_slot(giant)).map(own_space, address, sys::PageAccess::read_only());
}

void make_whole(Giant giant) {
    if (!root.at(root_index_of_giant(giant), static_cast<unsigned>(startup().root_bits)).revoke())
        sys::panic("memory for a giant page cannot be made whole");
}

const uint8_t* block_bytes(uint32_t chunk) {
    return reinterpret_cast<const uint8_t*>(layout::window_address + (Word{chunk} << layout::chunk_bits));
}

Result<void> assign_space_number(Page pml4) {
    return sys::AsidPool(layout::asid_pool_slot).assign(sys::VSpace(object_slot(pml4)));
}

Result<void> set_keeper(Page pml4) {
    constexpr unsigned span_bits = 39;
    constexpr Word user_entries = 256;
    const sys::PageTables space{sys::Object(object_slot(pml4))};
    return go_through(user_entries, [&](Word done) {
        const sys::EntryRange rest{done << span_bits, user_entries - done, span_bits};
        return space.set_keeper(rest, sys::protocol::pager::keeper);
    });
}

Result<void> map_structure(Page structure, sys::MissingLevel level, Page pml4, Word address) {
    return sys::map_level(level, sys::Object(object_slot(structure)), sys::VSpace(object_slot(pml4)), address);
}

Result<void> remove_table(Page table) { return sys::PageTable(object_slot(table)).unmap(); }

Result<void> map_copies(const Entries& entries, Word source, Word into, const sys::PageAccess& access) {
    return go_through(entries.count, [&](Word done) {
        const sys::Place place(entries.address + (done << entries.size_bits), access.page_rights(),
                               static_cast<Word>(access.memory), true, true);
        return tables(entries).map(place, source + done, entries.count - done, into + done);
    });
}

Result<void> protect(const Entries& entries) {
    const abi::PageRights reading = sys::PageAccess::read_execute().page_rights(); // what of these it has
    return go_through(entries.count,
                      [&](Word done) { return tables(entries).protect(range_of(entries, done), reading); });
}

Result<void> unmap(const Entries& entries, Word cookie) {
    return go_through(entries.count, [&](Word done) -> Result<Word> {
        return TRY(tables(entries).unmap(range_of(entries, done), cookie)).done;
    });
}

Result<sys::PageTables::Harvested> harvest(const Entries& entries) {
    sys::PageTables::Harvested all{};
    while (all.done < entries.count) {
        const auto step = TRY(tables(entries).harvest(range_of(entries, all.done), abi::was_accessed));
        for (unsigned i = 0; i < step.done; ++i) {
            all.accessed.set(static_cast<unsigned>(all.done) + i, step.accessed[i]);
            all.dirty.set(static_cast<unsigned>(all.done) + i, step.dirty[i]);
        }
        all.done += step.done;
    }
    return all;
}

ChunkState state_of(uint32_t chunk) {
    const auto depth = static_cast<unsigned>(startup().root_bits);
    const auto node = root.at(root_index_of_cnode(chunk), depth).inspect();
    if (!node || node->slot.type() == abi::SlotType::empty)
        return ChunkState::whole;
    if (node->slot.type() == abi::SlotType::frame)
        return ChunkState::block;
    Made records[record_pages];
    if (inspect(chunk, 0, records) != record_pages)
        return ChunkState::unfinished;
    for (const Made& made : records)
        if (made.type != abi::SlotType::frame || !made.is_mapped)
            return ChunkState::unfinished;
    const bool complete = records_of(chunk)->complete == ChunkRecords::complete_mark;
    return complete ? ChunkState::cut : ChunkState::unfinished;
}

GiantState state_of(Giant giant) {
    const auto is_there = [](Word root_index) {
        const auto slot = root.at(root_index, static_cast<unsigned>(startup().root_bits)).inspect();
        return slot && slot->slot.type() != abi::SlotType::empty;
    };
    if (is_there(layout::first_chunk + giant.chunks_end() - 1)) // they are made from the first to the last
        return GiantState::chunks;
    if (is_there(layout::first_chunk + giant.first_chunk()))
        return GiantState::unfinished;
    return is_there(root_index_of_cnode(giant.first_chunk())) ? GiantState::page : GiantState::whole;
}

void make_whole(uint32_t chunk) {
    if (!root.at(layout::first_chunk + chunk, static_cast<unsigned>(startup().root_bits)).revoke())
        sys::panic("a chunk cannot be made whole");
}

unsigned inspect(uint32_t chunk, unsigned first, std::span<Made> made) {
    sys::SlotRef::Inspected shown[abi::max_inspect];
    const size_t wanted = made.size() < abi::max_inspect ? made.size() : abi::max_inspect;
    const auto count = leaf_ref(object_slot(Page{chunk << 9 | first})).inspect({shown, wanted});
    if (!count)
        return 0;
    for (unsigned i = 0; i < *count; ++i)
        made[i] = {shown[i].slot.type(), shown[i].slot.is_mapped()};
    return *count;
}

unsigned read(const Entries& entries, std::span<sys::pager::TableEntry> out) {
    const auto shown = tables(entries).read(range_of(entries, 0));
    if (!shown)
        return 0;
    for (unsigned i = 0; i < shown->count && i < out.size(); ++i)
        out[i] = sys::pager::TableEntry(shown->entries[i]);
    return shown->count;
}

void set_cookie(const Entries& entries, Word cookie) {
    const auto done = go_through(entries.count, [&](Word done) {
        return tables(entries).set_keeper(range_of(entries, done), abi::unchanged, cookie);
    });
    if (!done)
        sys::panic("a cookie cannot be changed");
}

} // namespace pager::kernel_memory
