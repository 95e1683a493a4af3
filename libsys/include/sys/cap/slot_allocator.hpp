// SPDX-License-Identifier: BSD-2-Clause
// Which slots of a CNode are free: a bitmap over storage that the owner brings. Pure; it never calls the kernel.
#pragma once

#include <span>
#include <stddef.h>
#include <sys/result.hpp>

namespace sys {

/// Hands out slots of a CNode, and takes them back.
class SlotAllocator {
public:
    /// Slots that a word of storage stands for.
    static constexpr unsigned bits_per_word = 64;
    /// Storage for so many slots.
    static constexpr size_t words_for(size_t slots) { return (slots + bits_per_word - 1) / bits_per_word; }

    /// Manages as many slots from `first` on as `storage` has bits, but at most `count`. All of them start free.
    SlotAllocator(std::span<uint64_t> storage, Word first, Word count);

    /// One free slot, or out_of_slots.
    Result<Word> allocate() { return allocate_range(1); }
    /// `count` neighbouring free slots; the first one is returned.
    Result<Word> allocate_range(Word count);
    /// `count` neighbouring free slots, a power of two; the first one's number is a multiple of it.
    Result<Word> allocate_aligned(Word count);
    /// So many more slots behind the last one, as far as the storage has bits.
    void extend(Word count);
    /// Takes a particular slot: for slots that something else has filled already.
    Result<void> reserve(Word slot);
    /// Slots that are free already, or not managed here, are an invalid_value and change nothing.
    Result<void> release(Word slot);

    /// Slots that can be had.
    Word free_count() const { return free_; }
    /// The lowest slot.
    Word first() const { return first_; }
    /// Behind the highest slot.
    Word end() const { return first_ + count_; }

private:
    bool is_taken(Word index) const { return bitmap_[index / bits_per_word] >> (index % bits_per_word) & 1; }
    void set_taken(Word index, bool taken);
    bool are_free(Word index, Word count) const;

    std::span<uint64_t> bitmap_;
    Word first_;
    Word count_;
    Word free_;
    Word hint_ = 0; ///< no slot below is free
};

/// A slot allocator that brings its storage.
template <size_t slots>
class StaticSlotAllocator : public SlotAllocator {
public:
    /// As SlotAllocator.
    explicit StaticSlotAllocator(Word first, Word count = slots) : SlotAllocator(storage_, first, count) {}
    StaticSlotAllocator(const StaticSlotAllocator&) = delete;
    StaticSlotAllocator& operator=(const StaticSlotAllocator&) = delete;

private:
    uint64_t storage_[words_for(slots)] = {};
};

} // namespace sys
