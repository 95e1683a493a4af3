// SPDX-License-Identifier: BSD-2-Clause
// The heap's free list.
#include <sys/mem/heap.hpp>
#include <sys/util/panic.hpp>

namespace sys {

namespace {

constexpr size_t grain = 16;

constexpr uintptr_t round_up(uintptr_t value, size_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

} // namespace

/// A pointer that no block can have as its neighbour: odd, and different for every block.
Heap::Block* Heap::in_use_mark(Block* block) {
    return reinterpret_cast<Block*>(reinterpret_cast<uintptr_t>(block) ^ 0x5a5a'5a5a'5a5a'5a5b);
}

void Heap::give(std::span<uint8_t> region) {
    const uintptr_t start = round_up(reinterpret_cast<uintptr_t>(region.data()), grain);
    const uintptr_t end = (reinterpret_cast<uintptr_t>(region.data()) + region.size()) & ~(grain - 1);
    if (end < start + smallest)
        return;
    auto* const block = reinterpret_cast<Block*>(start);
    block->size = end - start;
    insert_free(block);
}

void Heap::insert_free(Block* block) {
    free_bytes_ += block->size;
    Block* before = nullptr;
    Block* after = free_;
    while (after != nullptr && after < block) {
        before = after;
        after = after->next;
    }
    const auto end_of = [](Block* b) { return reinterpret_cast<uintptr_t>(b) + b->size; };
    block->next = after;
    if (after != nullptr && end_of(block) == reinterpret_cast<uintptr_t>(after)) {
        block->size += after->size;
        block->next = after->next;
    }
    if (before == nullptr) {
        free_ = block;
    } else if (end_of(before) == reinterpret_cast<uintptr_t>(block)) {
        before->size += block->size;
        before->next = block->next;
    } else {
        before->next = block;
    }
}

/// Cuts a free block that is off the list: the first `size` bytes stay, the rest goes back.
void Heap::split(Block* block, size_t size) {
    if (block->size - size < smallest)
        return;
    auto* const rest = reinterpret_cast<Block*>(reinterpret_cast<uintptr_t>(block) + size);
    rest->size = block->size - size;
    block->size = size;
    insert_free(rest);
}

void* Heap::allocate(size_t size) { return allocate_aligned(size, grain); }

void* Heap::allocate_aligned(size_t size, size_t alignment) {
    if (alignment < grain)
        alignment = grain;
    if (size > SIZE_MAX / 2 || alignment > SIZE_MAX / 4)
        return nullptr;
    const size_t wanted = round_up(size == 0 ? 1 : size, grain) + header;
    Block** link = &free_;
    for (Block* block = free_; block != nullptr; link = &block->next, block = block->next) {
        const auto start = reinterpret_cast<uintptr_t>(block);
        uintptr_t place = round_up(start + header, alignment) - header;
        if (place != start && place - start < smallest)
            place = round_up(start + smallest + header, alignment) - header;
        const size_t skipped = place - start;
        if (block->size < skipped || block->size - skipped < wanted)
            continue;

        *link = block->next;
        free_bytes_ -= block->size;
        if (skipped != 0) {
            auto* const aligned = reinterpret_cast<Block*>(place);
            aligned->size = block->size - skipped;
            block->size = skipped;
            insert_free(block);
            block = aligned;
        }
        split(block, wanted);
        block->next = in_use_mark(block);
        return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(block) + header);
    }
    return nullptr;
}

void Heap::release(void* pointer) {
    if (pointer == nullptr)
        return;
    auto* const block = reinterpret_cast<Block*>(reinterpret_cast<uintptr_t>(pointer) - header);
    require(block->next == in_use_mark(block), "heap: released what is not in use");
    insert_free(block);
}

} // namespace sys
