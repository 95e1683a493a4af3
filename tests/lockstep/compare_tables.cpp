// SPDX-License-Identifier: BSD-2-Clause
// Page tables: what the specification says is mapped, against what a CPU finds in the kernel's memory.
#include <lockstep/compare.hpp>

#include <lockstep/kernel_view.hpp>

#include <spec/mmu.hpp>

#include <cinttypes>
#include <cstdio>

namespace lockstep {
namespace {

using namespace spec;

unsigned level_of(Type table) { return 1 + static_cast<unsigned>(table) - static_cast<unsigned>(Type::page_table); }

[[noreturn]] void differ(const Table& table, unsigned index, const char* how) {
    char text[160];
    std::snprintf(text, sizeof text, "table 0x%" PRIx64 "[%u]: %s (entry 0x%" PRIx64 ")", table.address, index, how,
                  kernel_view::memory(table.address)[index]);
    throw Divergence(text);
}

unsigned memory_type(const TableEntry& page, unsigned level) {
    // "A 1 GiB frame ignores PAT."
    return static_cast<unsigned>(page.attributes & (level == 3 ? 3 : 7));
}

void compare_entry(const Table& table, unsigned level, unsigned index, mmu::Entry entry, const TableEntry& expected) {
    if (!entry.present() || entry.reserved_bits_set(level, 52))
        differ(table, index, "nothing that the CPU can use");
    if (!expected.page) {
        if (entry.maps_page(level) || entry.next_table() != expected.address)
            differ(table, index, "not the table that was mapped here");
        if (!entry.writable() || !entry.user() || entry.execute_disable())
            differ(table, index, "rights are not left to the leaves");
        return;
    }
    if (!entry.maps_page(level) || entry.page(level) != expected.address)
        differ(table, index, "not the frame that was mapped here");
    if (entry.user() != expected.read || entry.writable() != expected.write ||
        entry.execute_disable() != ((expected.attributes & 8) != 0))
        differ(table, index, "other rights than were given");
    if (entry.memory_type(level) != memory_type(expected, level))
        differ(table, index, "another memory type than was asked for");
}

/// What the specification's tables say about an address.
std::optional<mmu::Translation> expected_translation(const System& system, const Table& pml4, Word address) {
    const Table* table = &pml4;
    for (unsigned level = 4;; level--) {
        const auto found = table->entries.find(mmu::index_of(address, level));
        if (found == table->entries.end())
            return std::nullopt;
        const TableEntry& entry = found->second;
        if (entry.page) {
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
        if (!entry.page) {
            compare_pages(system, pml4, static_cast<const Table&>(*system.objects.at(entry.address)), address);
            continue;
        }
        for (const Word at : {address - 1, address, address + power(bits) - 1, address + power(bits)})
            compare_translation(system, pml4, at);
    }
}

} // namespace

void compare_table(const Table& table) {
    const Word* const kernel = kernel_view::memory(table.address);
    const unsigned level = level_of(table.type), count = level == 4 ? 256 : 512;
    auto expected = table.entries.begin();
    for (unsigned i = 0; i < count; i++) {
        if (expected != table.entries.end() && expected->first == i) {
            compare_entry(table, level, i, mmu::Entry{kernel[i]}, expected->second);
            ++expected;
        } else if (kernel[i] != 0) {
            differ(table, i, "an entry where nothing is mapped");
        }
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
