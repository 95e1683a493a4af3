// SPDX-License-Identifier: BSD-2-Clause
// A heap over memory given at run time: first fit over an address-ordered free list, neighbours joined when freed.
// The program's own heap behind operator new is empty until the program gives it memory (`give_heap`).
#pragma once

#include <span>
#include <stddef.h>
#include <stdint.h>

namespace sys {

/// Bytes of any size out of memory that the program gives.
class Heap {
public:
    constexpr Heap() = default;
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    /// Adds a region; it need not be aligned, and may be given later than others. Regions smaller than two blocks are
    /// ignored.
    void give(std::span<uint8_t> region);
    /// 16-aligned memory, or null. Size 0 gets a block of its own.
    void* allocate(size_t size);
    /// `alignment` is a power of two.
    void* allocate_aligned(size_t size, size_t alignment);
    /// Null is allowed. Anything that this heap did not give out, and a second release, is a bug and stops the program.
    void release(void* pointer);

    /// Bytes that are not given out, headers included.
    size_t free_bytes() const { return free_bytes_; }

private:
    struct Block {
        size_t size; ///< whole block, header included; a multiple of 16
        Block* next; ///< free: next free block by address; used: a mark that proves it came from here
    };
    static constexpr size_t header = 16;
    static constexpr size_t smallest = 2 * header;
    static_assert(sizeof(Block) == header);

    static Block* in_use_mark(Block* block);
    void insert_free(Block* block);
    void split(Block* block, size_t size);

    Block* free_ = nullptr;
    size_t free_bytes_ = 0;
};

/// Memory for operator new.
void give_heap(std::span<uint8_t> region);
/// The heap behind operator new.
Heap& program_heap();

} // namespace sys
