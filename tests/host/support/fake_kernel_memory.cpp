// SPDX-License-Identifier: BSD-2-Clause
// The simulated kernel: strict, so that a pager that maps twice, frees twice or forgets a table is caught here.
#include <fake_kernel_memory.hpp>

#include <stdexcept>

namespace fake {

namespace {

std::unique_ptr<KernelMemory> state = std::make_unique<KernelMemory>();

sys::Result<void> step() {
    KernelMemory& kernel = kernel_memory();
    ++kernel.steps;
    if (kernel.steps_until_failure < 0)
        return {};
    if (kernel.steps_until_failure-- == 0)
        return kernel.failure;
    return {};
}

void need(bool condition, const char* what) {
    if (!condition)
        throw std::logic_error(what);
}

sys::Error missing(Word bits) {
    return {abi::Error::failed_lookup, 0, static_cast<Word>(abi::LookupFailure::missing_capability), bits};
}

std::optional<sys::Error> missing_level_above(uint32_t pml4, Word address, Word lowest) {
    for (const Word bits : {Word{39}, Word{30}, Word{21}}) {
        if (bits < lowest)
            break;
        if (!kernel_memory().tables[{pml4, bits}].contains(address >> bits))
            return missing(bits);
    }
    return std::nullopt;
}

sys::Result<void> map_leaf(Word frame, Page pml4, Word address, const sys::PageAccess& access) {
    KernelMemory& kernel = kernel_memory();
    need(address % 4096 == 0 && address < abi::user_end, "a leaf outside the user half or unaligned");
    need(!(access.write && access.execute), "writable and executable");
    for (const auto& [space, leaves] : kernel.spaces)
        for (const auto& [at, mapping] : leaves)
            if (mapping.frame == frame && (space != pml4.number || at != address))
                return abi::Error::invalid_argument;
    if (const auto error = missing_level_above(pml4.number, address, 21))
        return *error;
    kernel.spaces[pml4.number][address] = {frame, access};
    return {};
}

void unmap_everywhere(Word frame) {
    for (auto& [space, leaves] : kernel_memory().spaces)
        std::erase_if(leaves, [&](auto& leaf) { return leaf.second.frame == frame; });
}

} // namespace

KernelMemory& kernel_memory() { return *state; }

void reset_kernel_memory() { state = std::make_unique<KernelMemory>(); }

size_t KernelMemory::mapped_pages() const {
    size_t count = 0;
    for (const auto& [space, leaves] : spaces)
        count += leaves.size();
    return count;
}

} // namespace fake

namespace pager::kernel_memory {

using fake::need;

Result<SplitChunk> split_chunk(uint32_t) {
    TRY(fake::step());
    auto& all = fake::kernel_memory().records;
    all.push_back(std::make_unique<ChunkRecords>());
    *all.back() = {};
    return SplitChunk{all.back().get(), record_pages + (all.size() == 1 ? 3u : 0u)};
}

Result<void> make(Page page, abi::ObjectType type) {
    need(!page.is_none() && page.index() < chunk_pages, "no such page");
    need(!fake::kernel_memory().made.contains(page.number), "a page made into two objects");
    TRY(fake::step());
    fake::kernel_memory().made[page.number] = type;
    if (type == abi::ObjectType::frame_4k)
        fake::kernel_memory().bytes[page.number] = std::make_unique<std::vector<uint8_t>>(4096, 0);
    return {};
}

void reclaim(Page page) {
    auto& kernel = fake::kernel_memory();
    need(kernel.made.erase(page.number) == 1, "reclaimed a page of which nothing was made");
    need(kernel.open_frame != page.number, "reclaimed a page that is open");
    kernel.bytes.erase(page.number);
    fake::unmap_everywhere(page.number);
    for (auto copy = kernel.copies.begin(); copy != kernel.copies.end();) {
        const bool gone = copy->first.first == page.number;
        if (gone)
            fake::unmap_everywhere(fake::lent_bit | Word{page.number} << 8 | copy->first.second);
        copy = gone ? kernel.copies.erase(copy) : std::next(copy);
    }
    for (auto& [key, spans] : kernel.tables)
        std::erase_if(spans, [&](auto& span) { return span.second == page.number; });
    kernel.spaces.erase(page.number);
}

Result<void> assign_space_number(Page pml4) {
    need(fake::kernel_memory().made.at(pml4.number) == abi::ObjectType::pml4, "not a PML4");
    return fake::step();
}

Result<void> set_keeper(Page pml4) {
    need(fake::kernel_memory().made.at(pml4.number) == abi::ObjectType::pml4, "not a PML4");
    return fake::step();
}

Result<void> map_page(Page frame, Page pml4, Word address, const sys::PageAccess& access) {
    need(fake::kernel_memory().made.at(frame.number) == abi::ObjectType::frame_4k, "not a frame");
    TRY(fake::step());
    return fake::map_leaf(frame.number, pml4, address, access);
}

Result<void> map_structure(Page structure, sys::MissingLevel level, Page pml4, Word address) {
    need(fake::kernel_memory().made.at(structure.number) == sys::object_for(level), "a table of another level");
    TRY(fake::step());
    const auto bits = static_cast<Word>(level);
    if (bits < 39)
        if (const auto error = fake::missing_level_above(pml4.number, address, bits == 30 ? 39 : 30))
            return *error;
    auto& spans = fake::kernel_memory().tables[{pml4.number, bits}];
    if (spans.contains(address >> bits))
        return abi::Error::delete_first;
    spans[address >> bits] = structure.number;
    return {};
}

Result<uint8_t*> open(Page frame) {
    auto& kernel = fake::kernel_memory();
    need(kernel.open_frame == 0, "two frames in the window");
    TRY(fake::step());
    fake::unmap_everywhere(frame.number);
    kernel.open_frame = frame.number;
    return kernel.bytes.at(frame.number)->data();
}

Result<void> close(Page frame) {
    need(fake::kernel_memory().open_frame == frame.number, "not the frame that is open");
    fake::kernel_memory().open_frame = 0;
    return {};
}

Result<void> copy_lent(Word lent_slot, Page copies, unsigned index) {
    auto& kernel = fake::kernel_memory();
    need(kernel.made.at(copies.number) == abi::ObjectType::cnode && index < 128, "not a CNode, or no such slot");
    TRY(fake::step());
    if (!kernel.copies.emplace(std::pair(copies.number, index), lent_slot).second)
        return abi::Error::delete_first;
    return {};
}

Result<void> map_copy(Page copies, unsigned index, Page pml4, Word address, const sys::PageAccess& access) {
    need(fake::kernel_memory().copies.contains({copies.number, index}), "no copy there");
    TRY(fake::step());
    return fake::map_leaf(fake::lent_bit | Word{copies.number} << 8 | index, pml4, address, access);
}

Word object_slot(Page page) { return page.number; }

} // namespace pager::kernel_memory
