// SPDX-License-Identifier: BSD-2-Clause
// A simulated kernel behind pager/kernel_memory.hpp, and a swap server behind pager/swap.hpp: what is made of each page, the
// page tables with what the CPU notes in them, and slots with copies of capabilities. Any step can fail, or kill the pager.
// It survives the pager, as the real one does.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <pager/kernel_memory.hpp>
#include <pager/swap.hpp>
#include <set>
#include <vector>

namespace fake {

using pager::Page;
using sys::Word;

/// Frames are told apart by page number; lent ones by their index and this bit.
inline constexpr Word lent_bit = Word{1} << 60;
/// Huge pages by the number of their chunk and this bit; their slots likewise.
inline constexpr Word block_bit = Word{1} << 59;
/// Giant pages by their number and this bit; their slots likewise.
inline constexpr Word giant_bit = Word{1} << 58;

struct Entry {
    bool present = false;
    Word frame = 0;
    Word cookie = 0;
    Word slot = 0; ///< of the capability that is mapped here
    sys::PageAccess access{};
    bool accessed = false;
    bool dirty = false;
};

struct Table {
    uint32_t pml4 = 0; ///< 0: not mapped
    Word address = 0;
    std::array<Entry, 512> entries{};
};

/// Zeroes that take no memory until they are touched.
class ZeroedBytes {
public:
    explicit ZeroedBytes(size_t size);
    ~ZeroedBytes();
    ZeroedBytes(const ZeroedBytes&) = delete;
    ZeroedBytes& operator=(const ZeroedBytes&) = delete;
    uint8_t* data() const { return data_; }

private:
    size_t size_;
    uint8_t* data_;
};

/// Memory for a giant page of which something was made.
struct GiantMemory {
    unsigned chunks = 0; ///< made of it; less than all: the pager died while they were
    std::unique_ptr<ZeroedBytes> bytes; ///< of the giant page that it is
    bool is_shown = false;
};

/// Thrown where the pager dies.
struct Killed {};

struct KernelMemory {
    std::map<uint32_t, abi::ObjectType> made;
    std::map<uint32_t, std::unique_ptr<std::array<uint8_t, 4096>>> bytes;
    std::set<uint32_t> shown;
    std::map<uint32_t, Table> tables;
    std::set<uint32_t> numbered; ///< PML4s with an address-space number
    std::set<uint32_t> kept; ///< and with a keeper
    /// (PML4, level's bits, index at that level) -> structure
    std::map<std::tuple<uint32_t, Word, Word>, uint32_t> structures;
    std::map<Word, Word> copies; ///< slot -> frame
    std::map<uint32_t, std::vector<uint8_t>> blocks; ///< chunk -> bytes
    std::set<uint32_t> shown_blocks;
    std::map<std::pair<uint32_t, Word>, Entry> huge_entries; ///< (PML4, address) -> a huge page
    uint32_t giants_from = 0; ///< chunks from this number on are of memory for giant pages; 0: none
    bool has_giant_pages = true; ///< the CPU has
    std::map<uint32_t, GiantMemory> giants;
    std::map<std::pair<uint32_t, Word>, Entry> giant_entries; ///< (PML4, address) -> a giant page
    std::map<uint32_t, std::unique_ptr<pager::ChunkRecords>> records;
    std::map<uint32_t, std::array<uint8_t, 4096>> swapped;
    uint32_t swap_reads = 0, swap_writes = 0;
    bool swap_fails = false;
    std::map<Word, int> pressure_signals; ///< by client

    /// Steps until one fails with `failure`, or kills the pager; negative: never.
    int steps_until_failure = -1;
    int steps_until_death = -1;
    sys::Error failure = abi::Error::not_enough_memory;

    size_t mapped_pages() const;
    /// There are capabilities to the chunk.
    bool is_made(uint32_t chunk) const;
    /// What a client's access would find; null if it faults. Notes the access as the CPU does.
    uint8_t* access(Page pml4, Word address, bool write);
    const Entry* entry(Page pml4, Word address) const;
};

KernelMemory& kernel_memory();
/// Forgets everything: a new machine for the next test.
void reset_kernel_memory();
/// A step: it throws Killed if it is the last one.
void may_die();
/// A step that may fail, too.
sys::Result<void> step();
/// What the pager must not do is a std::logic_error.
void need(bool condition, const char* what);
/// Copies, and what is mapped by them, whose frame `is_gone` says is no longer there.
void drop_copies(const std::function<bool(Word slot, Word frame)>& is_gone);

} // namespace fake
