// SPDX-License-Identifier: BSD-2-Clause
// The CPU's own reading of page tables in memory: 4-level paging as the Intel manual describes it (SDM Vol. 3A,
// "4-Level Paging and 5-Level Paging"). It knows nothing of objects and capabilities.
#pragma once

#include <spec/numbers.hpp>

#include <functional>
#include <optional>

namespace spec::mmu {

/// Reads 8 bytes of physical memory.
using Memory = std::function<const Word*(Word address)>;

/// Levels: 4 PML4, 3 PDPT, 2 page directory, 1 page table. What one entry spans:
constexpr unsigned span_bits(unsigned level) { return 12 + 9 * (level - 1); }
constexpr unsigned index_of(Word address, unsigned level) {
    return static_cast<unsigned>(address >> span_bits(level) & 511);
}

/// An entry of a paging structure.
struct Entry {
    Word raw = 0;

    bool present() const { return raw & 1; }
    bool writable() const { return raw >> 1 & 1; }
    bool user() const { return raw >> 2 & 1; }
    bool execute_disable() const { return raw >> 63 & 1; }
    /// Bit 7 says so in PDPTEs and PDEs; PTEs always map pages, PML4Es never.
    bool maps_page(unsigned level) const { return level == 1 || (level < 4 && (raw >> 7 & 1)); }
    Word next_table() const { return raw & 0x000f'ffff'ffff'f000; }
    Word page(unsigned level) const { return next_table() >> span_bits(level) << span_bits(level); }
    /// PWT, PCD and PAT, as a number.
    unsigned memory_type(unsigned level) const {
        const Word pat = level == 1 ? raw >> 7 & 1 : raw >> 12 & 1;
        return static_cast<unsigned>((raw >> 3 & 3) | pat << 2);
    }
    /// Bits that must be 0: in a present entry a 1 there is a page fault by itself.
    bool reserved_bits_set(unsigned level, unsigned physical_bits) const;
    /// Without what the CPU writes by itself: accessed (5) and dirty (6).
    Entry without_marks() const { return {raw & ~Word{0x60}}; }
};

/// What an address means, with all levels' rights combined.
struct Translation {
    Word physical;
    unsigned page_bits;
    bool writable, user, executable;
    unsigned memory_type;
    bool operator==(const Translation&) const = default;
};

/// None: a page fault.
std::optional<Translation> translate(const Memory& memory, Word pml4, Word address);

} // namespace spec::mmu
