// SPDX-License-Identifier: BSD-2-Clause
// A simulated kernel behind pager/kernel_memory.hpp: what is made of each page, what each space maps, with the kernel's
// refusals. Any step can be made to fail.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <pager/kernel_memory.hpp>
#include <set>
#include <vector>

namespace fake {

using pager::Page;
using sys::Word;

struct Mapping {
    Word frame = 0; ///< page number, or lent slot | lent_bit
    sys::PageAccess access;
};
inline constexpr Word lent_bit = Word{1} << 60;

struct KernelMemory {
    std::map<uint32_t, abi::ObjectType> made;
    std::map<uint32_t, std::unique_ptr<std::vector<uint8_t>>> bytes; ///< of frames
    std::map<uint32_t, std::map<Word, Mapping>> spaces; ///< by PML4: leaf mappings
    /// By PML4 and level (39, 30, 21): which table spans are there, and the page that each is.
    std::map<std::pair<uint32_t, Word>, std::map<Word, uint32_t>> tables;
    std::map<std::pair<uint32_t, unsigned>, Word> copies; ///< (CNode page, index) -> lent slot
    std::vector<std::unique_ptr<pager::ChunkRecords>> records;
    uint32_t open_frame = 0;

    /// Steps until one fails with `failure`; negative: never.
    int steps_until_failure = -1;
    sys::Error failure = abi::Error::not_enough_memory;
    int steps = 0;

    size_t mapped_pages() const;
};

KernelMemory& kernel_memory();
/// Forgets everything: a new machine for the next test.
void reset_kernel_memory();

} // namespace fake
