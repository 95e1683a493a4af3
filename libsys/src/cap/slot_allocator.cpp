// SPDX-License-Identifier: BSD-2-Clause
// The slot bitmap: first fit, with a hint below which nothing is free.
#include <algorithm>
#include <sys/cap/slot_allocator.hpp>

namespace sys {

SlotAllocator::SlotAllocator(std::span<uint64_t> storage, Word first, Word count)
    : bitmap_(storage), first_(first), count_(std::min<Word>(count, storage.size() * bits_per_word)), free_(count_) {
    std::fill(storage.begin(), storage.end(), 0);
}

void SlotAllocator::set_taken(Word index, bool taken) {
    const uint64_t bit = uint64_t{1} << (index % bits_per_word);
    uint64_t& word = bitmap_[index / bits_per_word];
    word = taken ? word | bit : word & ~bit;
}

Result<Word> SlotAllocator::allocate_range(Word count) {
    if (count == 0)
        return ErrorCode::invalid_value;
    if (count > free_)
        return ErrorCode::out_of_slots;
    Word run = 0;
    for (Word index = hint_; index < count_; ++index) {
        if (run == 0 && index % bits_per_word == 0 && bitmap_[index / bits_per_word] == ~uint64_t{0}) {
            index += bits_per_word - 1; // a word without a free slot
            continue;
        }
        run = is_taken(index) ? 0 : run + 1;
        if (run < count)
            continue;
        const Word start = index + 1 - count;
        for (Word slot = start; slot <= index; ++slot)
            set_taken(slot, true);
        free_ -= count;
        if (start == hint_)
            hint_ = index + 1;
        return first_ + start;
    }
    return ErrorCode::out_of_slots;
}

bool SlotAllocator::are_free(Word index, Word count) const {
    for (Word i = index; i < index + count; ++i)
        if (is_taken(i))
            return false;
    return true;
}

Result<Word> SlotAllocator::allocate_aligned(Word count) {
    if (count == 0 || (count & (count - 1)) != 0)
        return ErrorCode::invalid_value;
    for (Word slot = (first_ + hint_ + count - 1) & ~(count - 1); slot + count <= end(); slot += count) {
        const Word index = slot - first_;
        if (!are_free(index, count))
            continue;
        for (Word i = index; i < index + count; ++i)
            set_taken(i, true);
        free_ -= count;
        if (index == hint_)
            hint_ += count;
        return slot;
    }
    return ErrorCode::out_of_slots;
}

void SlotAllocator::extend(Word count) {
    const Word more = std::min<Word>(count, bitmap_.size() * bits_per_word - count_);
    count_ += more;
    free_ += more;
}

Result<void> SlotAllocator::reserve(Word slot) {
    if (slot < first_ || slot - first_ >= count_)
        return {ErrorCode::out_of_range};
    if (is_taken(slot - first_))
        return {ErrorCode::already_exists};
    set_taken(slot - first_, true);
    --free_;
    return {};
}

Result<void> SlotAllocator::release(Word slot) {
    if (slot < first_ || slot - first_ >= count_ || !is_taken(slot - first_))
        return {ErrorCode::invalid_value};
    set_taken(slot - first_, false);
    ++free_;
    hint_ = std::min(hint_, slot - first_);
    return {};
}

} // namespace sys
