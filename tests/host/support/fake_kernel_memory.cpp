// SPDX-License-Identifier: BSD-2-Clause
// The simulated kernel: strict, so that a pager that maps twice, frees twice or forgets a table is caught here.
#include <fake_kernel_memory.hpp>

#include <algorithm>
#include <stdexcept>

namespace fake {

static std::unique_ptr<KernelMemory> state = std::make_unique<KernelMemory>();

KernelMemory& kernel_memory() { return *state; }
void reset_kernel_memory() { state = std::make_unique<KernelMemory>(); }

void may_die() {
    int& left = kernel_memory().steps_until_death;
    if (left >= 0 && left-- == 0)
        throw Killed();
}

size_t KernelMemory::mapped_pages() const {
    size_t count = 0;
    for (const auto& [page, table] : tables)
        for (const Entry& entry : table.entries)
            count += table.pml4 != 0 && entry.present ? 1 : 0;
    for (const auto& [place, entry] : huge_entries)
        count += entry.present ? 512 : 0;
    for (const auto& [place, entry] : giant_entries)
        count += entry.present ? 512 * 512 : 0;
    return count;
}

const Entry* KernelMemory::entry(Page pml4, Word address) const {
    const auto found = structures.find({pml4.number, 21, address >> 21});
    return found == structures.end() ? nullptr : &tables.at(found->second).entries[address / 4096 % 512];
}

uint8_t* KernelMemory::access(Page pml4, Word address, bool write) {
    const auto large = [&](auto& entries, Word size) -> Entry* {
        const auto found = entries.find({pml4.number, address / size * size});
        return found != entries.end() && found->second.present ? &found->second : nullptr;
    };
    constexpr Word giant_size = Word{1} << 30, block_size = Word{1} << 21;
    Entry* const giant = large(giant_entries, giant_size);
    Entry* const huge = large(huge_entries, block_size);
    Entry* const found = giant != nullptr ? giant : huge != nullptr ? huge : const_cast<Entry*>(entry(pml4, address));
    if (found == nullptr || !found->present || (write && !found->access.write))
        return nullptr;
    found->accessed = true;
    found->dirty = found->dirty || write;
    const auto frame = static_cast<uint32_t>(found->frame);
    return giant != nullptr  ? giants.at(frame).bytes->data() + address % giant_size
           : huge != nullptr ? blocks.at(frame).data() + address % block_size
                             : bytes.at(frame)->data() + address % 4096;
}

sys::Result<void> step() {
    may_die();
    int& left = kernel_memory().steps_until_failure;
    if (left >= 0 && left-- == 0)
        return kernel_memory().failure;
    return {};
}

void need(bool condition, const char* what) {
    if (!condition)
        throw std::logic_error(what);
}

namespace {

sys::Error missing(Word bits) {
    return {abi::Error::failed_lookup, 0, static_cast<Word>(abi::LookupFailure::missing_capability), bits};
}

/// The highest level that is missing above `lowest`.
std::optional<sys::Error> missing_above(uint32_t pml4, Word address, Word lowest) {
    for (const Word bits : {Word{39}, Word{30}, Word{21}})
        if (bits > lowest && !kernel_memory().structures.contains({pml4, bits, address >> bits}))
            return missing(bits);
    return std::nullopt;
}

/// A capability goes: what it maps is mapped no longer.
void drop_copy(Word slot) {
    for (auto& [page, table] : kernel_memory().tables)
        for (Entry& entry : table.entries)
            if (entry.present && entry.slot == slot)
                entry = {};
    for (auto* const large : {&kernel_memory().huge_entries, &kernel_memory().giant_entries})
        for (auto& [place, entry] : *large)
            if (entry.present && entry.slot == slot)
                entry = {};
    kernel_memory().copies.erase(slot);
}

Table& mapped_table(Page page) {
    Table& table = kernel_memory().tables.at(page.number);
    need(table.pml4 != 0, "a range call on a table that is not mapped");
    return table;
}

template <class Visit>
void for_each(const pager::kernel_memory::Entries& entries, const Visit& visit) {
    if (entries.size_bits != 12) {
        need(kernel_memory().numbered.contains(entries.structure.number) && entries.count == 1, "no huge page there");
        const std::tuple place{entries.structure.number, Word{entries.size_bits}, entries.address >> entries.size_bits};
        need(!kernel_memory().structures.contains(place), "a table where a huge page should be");
        auto& large = entries.size_bits == 21 ? kernel_memory().huge_entries : kernel_memory().giant_entries;
        visit(large[{entries.structure.number, entries.address}], 0);
        return;
    }
    Table& table = mapped_table(entries.structure);
    need(entries.address >> 21 == table.address >> 21, "an address that the table does not map");
    need(entries.address / 4096 % 512 + entries.count <= 512, "a range beyond the table's end");
    for (Word i = 0; i < entries.count; ++i)
        visit(table.entries[entries.address / 4096 % 512 + i], static_cast<unsigned>(i));
}

} // namespace

void drop_copies(const std::function<bool(Word slot, Word frame)>& is_gone) {
    std::vector<Word> gone;
    for (const auto& [slot, frame] : kernel_memory().copies)
        if (is_gone(slot, frame))
            gone.push_back(slot);
    for (const Word slot : gone)
        drop_copy(slot);
}

} // namespace fake

namespace pager::kernel_memory {

using fake::may_die;
using fake::need;

Word object_slot(Page page) { return Word{page.number} << 7; }
Word copy_slot(Page copies, unsigned index) { return object_slot(copies) | index; }
Word lent_slot(Word index) { return fake::lent_bit | index; }

uint8_t* bytes(Page frame) {
    need(fake::kernel_memory().shown.contains(frame.number), "a frame that is not in the window");
    return fake::kernel_memory().bytes.at(frame.number)->data();
}
ChunkRecords* records_of(uint32_t chunk) { return fake::kernel_memory().records.at(chunk).get(); }

Result<SplitChunk> split_chunk(uint32_t chunk) {
    TRY(fake::step());
    auto& all = fake::kernel_memory().records;
    need(fake::kernel_memory().is_made(chunk), "a chunk that is not there");
    need(!all.contains(chunk), "a chunk cut up twice");
    all[chunk] = std::make_unique<ChunkRecords>();
    *all[chunk] = {};
    may_die();
    return SplitChunk{all[chunk].get(), record_pages + (all.size() == 1 ? 3u : 1u)};
}

ChunkState state_of(uint32_t chunk) {
    if (fake::kernel_memory().blocks.contains(chunk))
        return ChunkState::block;
    const auto found = fake::kernel_memory().records.find(chunk);
    if (found == fake::kernel_memory().records.end())
        return ChunkState::whole;
    return found->second->complete == ChunkRecords::complete_mark ? ChunkState::cut : ChunkState::unfinished;
}

Result<void> remove_table(Page table) {
    TRY(fake::step());
    auto& kernel = fake::kernel_memory();
    std::erase_if(kernel.structures, [&](const auto& entry) { return entry.second == table.number; });
    kernel.tables.at(table.number) = {};
    may_die();
    return {};
}

unsigned inspect(uint32_t chunk, unsigned first, std::span<Made> made) {
    const auto type_of = [](abi::ObjectType type) {
        switch (type) {
        case abi::ObjectType::frame_4k: return abi::SlotType::frame;
        case abi::ObjectType::cnode: return abi::SlotType::cnode;
        case abi::ObjectType::pml4: return abi::SlotType::pml4;
        case abi::ObjectType::pdpt: return abi::SlotType::pdpt;
        case abi::ObjectType::page_directory: return abi::SlotType::page_directory;
        default: return abi::SlotType::page_table;
        }
    };
    auto& kernel = fake::kernel_memory();
    for (unsigned i = 0; i < made.size(); ++i) {
        const uint32_t number = chunk << 9 | (first + i);
        made[i] = {};
        if (!kernel.made.contains(number))
            continue;
        made[i].type = type_of(kernel.made[number]);
        made[i].is_mapped = kernel.shown.contains(number) || kernel.numbered.contains(number);
        for (const auto& [key, structure] : kernel.structures)
            made[i].is_mapped = made[i].is_mapped || structure == number;
    }
    return static_cast<unsigned>(made.size());
}

Result<void> make(Page page, abi::ObjectType type) {
    auto& kernel = fake::kernel_memory();
    need(!page.is_none() && page.index() < chunk_pages, "no such page");
    need(!kernel.made.contains(page.number), "a page made into two objects");
    TRY(fake::step());
    kernel.made[page.number] = type;
    if (type == abi::ObjectType::frame_4k)
        kernel.bytes[page.number] = std::make_unique<std::array<uint8_t, 4096>>();
    if (type == abi::ObjectType::page_table)
        kernel.tables[page.number] = {};
    may_die();
    return {};
}

void reclaim(Page page) {
    may_die();
    auto& kernel = fake::kernel_memory();
    kernel.made.erase(page.number);
    kernel.bytes.erase(page.number);
    kernel.shown.erase(page.number);
    kernel.tables.erase(page.number);
    kernel.numbered.erase(page.number);
    kernel.kept.erase(page.number);
    fake::drop_copies([&](Word slot, Word frame) { return slot >> 7 == page.number || frame == page.number; });
    std::erase_if(kernel.huge_entries, [&](const auto& entry) { return entry.first.first == page.number; });
    std::erase_if(kernel.giant_entries, [&](const auto& entry) { return entry.first.first == page.number; });
    std::erase_if(kernel.structures, [&](const auto& entry) {
        const bool gone = entry.second == page.number || std::get<0>(entry.first) == page.number;
        if (gone && kernel.tables.contains(entry.second))
            kernel.tables[entry.second].pml4 = 0;
        return gone;
    });
    may_die();
}

Result<void> show(Page frame) {
    TRY(fake::step());
    need(fake::kernel_memory().made.at(frame.number) == abi::ObjectType::frame_4k, "not a frame");
    fake::kernel_memory().shown.insert(frame.number);
    may_die();
    return {};
}

Result<void> assign_space_number(Page pml4) {
    need(fake::kernel_memory().made.at(pml4.number) == abi::ObjectType::pml4, "not a PML4");
    TRY(fake::step());
    fake::kernel_memory().numbered.insert(pml4.number);
    return {};
}

Result<void> set_keeper(Page pml4) {
    TRY(fake::step());
    fake::kernel_memory().kept.insert(pml4.number);
    return {};
}

Result<void> map_structure(Page structure, sys::MissingLevel level, Page pml4, Word address) {
    auto& kernel = fake::kernel_memory();
    need(kernel.made.at(structure.number) == sys::object_for(level), "a table of another level");
    TRY(fake::step());
    const auto bits = static_cast<Word>(level);
    if (const auto error = fake::missing_above(pml4.number, address, bits))
        return *error;
    const std::tuple key{pml4.number, bits, address >> bits};
    const auto shows = [&](const auto& large) {
        const auto found = large.find({pml4.number, address >> bits << bits});
        return found != large.end() && found->second.present;
    };
    if (kernel.structures.contains(key) || (bits == 21 && shows(kernel.huge_entries)) ||
        (bits == 30 && shows(kernel.giant_entries)))
        return abi::Error::delete_first;
    kernel.structures[key] = structure.number;
    if (bits == 21) {
        kernel.tables[structure.number].pml4 = pml4.number;
        kernel.tables[structure.number].address = address;
    }
    may_die();
    return {};
}

Result<void> map_copies(const Entries& entries, Word source, Word into, const sys::PageAccess& access) {
    auto& kernel = fake::kernel_memory();
    need(!(access.write && access.execute), "writable and executable");
    TRY(fake::step());
    if (entries.size_bits != 12)
        if (const auto error = fake::missing_above(entries.structure.number, entries.address, entries.size_bits))
            return *error;
    fake::for_each(entries, [&](fake::Entry& entry, unsigned i) {
        const Word from = source + i;
        const bool is_named = (from & (fake::lent_bit | fake::block_bit | fake::giant_bit)) != 0;
        const bool is_own = is_named || !kernel.copies.contains(from);
        const Word frame = is_named ? from : is_own ? from >> 7 : kernel.copies.at(from);
        const unsigned bits = (from & fake::giant_bit) != 0 ? 30 : (from & fake::block_bit) != 0 ? 21 : 12;
        need(entries.size_bits == bits, "a frame of another size");
        const Word slot = into + i;
        need(kernel.made.at(static_cast<uint32_t>(slot >> 7)) == abi::ObjectType::cnode, "a copy into no CNode");
        if (kernel.copies.contains(slot)) {
            for (const auto& [page, table] : kernel.tables)
                for (const fake::Entry& other : table.entries)
                    need(!(other.present && other.slot == slot && &other != &entry),
                         "the slot's frame is mapped elsewhere");
        }
        kernel.copies[slot] = frame;
        entry = {.present = true, .frame = frame, .cookie = 0, .slot = slot, .access = access};
    });
    may_die();
    return {};
}

Result<void> protect(const Entries& entries) {
    TRY(fake::step());
    fake::for_each(entries, [](fake::Entry& entry, unsigned) { entry.access.write = false; });
    may_die();
    return {};
}

Result<void> unmap(const Entries& entries, Word cookie) {
    TRY(fake::step());
    fake::for_each(entries, [&](fake::Entry& entry, unsigned) {
        if (!entry.present)
            return;
        entry = {};
        entry.cookie = cookie;
    });
    may_die();
    return {};
}

void set_cookie(const Entries& entries, Word cookie) {
    may_die();
    fake::for_each(entries, [&](fake::Entry& entry, unsigned) {
        if (!entry.present)
            entry.cookie = cookie;
    });
    may_die();
}

Result<sys::PageTables::Harvested> harvest(const Entries& entries) {
    TRY(fake::step());
    sys::PageTables::Harvested all{};
    all.done = entries.count;
    fake::for_each(entries, [&](fake::Entry& entry, unsigned i) {
        all.accessed.set(i, entry.present && entry.accessed);
        all.dirty.set(i, entry.present && entry.dirty);
        entry.accessed = false;
    });
    return all;
}

/// Physical addresses of the tests' machine: chunk n lies at (n + 1) * 2 MiB, lent frames above 2^40.
unsigned read(const Entries& entries, std::span<sys::pager::TableEntry> out) {
    const unsigned shown = static_cast<unsigned>(std::min<Word>({entries.count, out.size(), abi::max_read}));
    fake::for_each({entries.structure, entries.address, shown}, [&](const fake::Entry& entry, unsigned i) {
        const auto number = static_cast<uint32_t>(entry.frame);
        const Word physical =
            (entry.frame & fake::lent_bit) != 0
                ? (Word{1} << 40) + (entry.frame & ~fake::lent_bit) * page_size
                : ((Word{number} >> 9) + 1) * 0x20'0000 + (chunk_cnode_pages + (number & 511)) * page_size;
        out[i] = entry.present ? sys::pager::TableEntry(physical | 1) : sys::pager::TableEntry(entry.cookie << 7);
    });
    return shown;
}

} // namespace pager::kernel_memory
