// SPDX-License-Identifier: BSD-2-Clause
// Page tables: what the specification says is mapped, against what a CPU finds in the kernel's memory.
#include <lockstep/compare.hpp>

#include <lockstep/kernel_view.hpp>

#include <spec/mmu.hpp>
#include <spec/pager.hpp>

#include <cinttypes>
#include <cstdio>

namespace lockstep {
namespace {

using namespace spec;

unsigned level_of(Type table) { return 1 + static_cast<unsigned>(table) - static_cast<unsigned>(Type::page_table); }

unsigned memory_type(const TableEntry& page, unsigned level) {
    // "A 1 GiB frame ignores PAT."
    return static_cast<unsigned>(page.attributes & (level == 3 ? 3 : 7));
}

/// What the specification's tables say about an address.
std::optional<mmu::Translation> expected_translation(const System& system, const Table& pml4, Word address) {
    const Table* table = &pml4;
    for (unsigned level = 4;; level--) {
        const TableEntry entry = table->entry(mmu::index_of(address, level));
        if (!entry.present())
            return std::nullopt;
        if (entry.is_page()) {
            const unsigned bits = mmu::span_bits(level);
            return mmu::Translation{entry.address | low_bits(address, bits),
                                    bits,
                                    entry.write,
                                    entry.read,
                                    (entry.attributes & 8) == 0,
                                    memory_type(entry, level)};
        }
        table = static_cast<const Table*>(system.objects.at(entry.address).get());
    }
}

void compare_translation(const System& system, const Table& pml4, Word address) {
    if (address >= power(47))
        return;
    const mmu::Memory memory = [](Word at) { return kernel_view::memory(at); };
    if (mmu::translate(memory, pml4.address, address) == expected_translation(system, pml4, address))
        return;
    char text[160];
    std::snprintf(text, sizeof text, "address 0x%" PRIx64 " of space 0x%" PRIx64 ": the CPU finds something else",
                  address, pml4.address);
    throw Divergence(text);
}

/// Every page below `table`, and the pages next to it.
void compare_pages(const System& system, const Table& pml4, const Table& table, Word base) {
    const unsigned bits = mmu::span_bits(level_of(table.type));
    for (const auto& [index, entry] : table.entries) {
        const Word address = base | Word{index} << bits;
        if (entry.is_table()) {
            compare_pages(system, pml4, static_cast<const Table&>(*system.objects.at(entry.address)), address);
            continue;
        }
        if (!entry.is_page())
            continue;
        for (const Word at : {address - 1, address, address + power(bits) - 1, address + power(bits)})
            compare_translation(system, pml4, at);
    }
}

} // namespace

void compare_table(const Table& table) {
    const Word* const kernel = kernel_view::memory(table.address);
    const unsigned level = level_of(table.type), count = level == 4 ? 256 : 512;
    auto next = table.entries.begin();
    for (unsigned i = 0; i < count; i++) {
        const bool is_next = next != table.entries.end() && next->first == i;
        const Word expected = is_next ? in_memory((next++)->second, table.type) : 0;
        if (kernel[i] == expected)
            continue;
        char text[160];
        std::snprintf(text, sizeof text, "table 0x%" PRIx64 "[%u]: kernel 0x%" PRIx64 ", specification 0x%" PRIx64,
                      table.address, i, kernel[i], expected);
        throw Divergence(text);
    }
}

void compare_spaces(const System& system) {
    for (const AsidPool* pool : system.asid_pools) {
        if (!pool)
            continue;
        for (const auto& [_, pml4] : pool->spaces)
            compare_pages(system, *pml4, *pml4, 0);
    }
}

} // namespace lockstep
