// SPDX-License-Identifier: BSD-2-Clause
// Stocks of pieces, grants, and CNodes for further slots.
#include <algorithm>
#include <bit>
#include <sys/mem/object_allocator.hpp>

namespace sys {

ObjectAllocator::ObjectAllocator(CSpace& cspace, MemorySource& source, std::span<uint16_t> links, unsigned leaf_bits,
                                 unsigned wide_bits)
    : cspace_(cspace), source_(source), links_(links), leaf_bits_(leaf_bits), most_leaves_(Word{1} << wide_bits) {
    cspace_.set_source(this);
    keep_a_slot();
}

void ObjectAllocator::keep_a_slot() {
    if (next_grant_slot_ != 0)
        return;
    if (const auto slot = cspace_.slots().allocate())
        next_grant_slot_ = *slot;
}

Result<Word> ObjectAllocator::take_piece(unsigned bits) {
    if (bits < abi::min_untyped_bits || bits > max_bits)
        return ErrorCode::out_of_range;
    if (stock_[bits] == 0)
        TRY(add_batch(bits));
    const Word piece = stock_[bits];
    stock_[bits] = links_[piece];
    return piece;
}

void ObjectAllocator::give_back(Word piece, unsigned bits) {
    links_[piece] = stock_[bits];
    stock_[bits] = static_cast<uint16_t>(piece);
}

/// The lower half of the slots is for the pieces, the upper one for their objects.
Result<void> ObjectAllocator::add_batch(unsigned bits) {
    const Word count = batch(bits);
    const Word size = Word{1} << bits;
    const Word first = TRY(take_slots(2 * count));
    Result<Grant*> grant = grant_for(size, count);
    const Result<void> made =
        grant ? cspace_.retype(Untyped((*grant)->slot), abi::ObjectType::untyped, bits, first, count) : grant.error();
    if (!made) {
        for (Word slot = first; slot < first + 2 * count; ++slot)
            static_cast<void>(cspace_.slots().release(slot));
        return made.error();
    }
    (*grant)->used += count * size;
    for (Word i = count; i-- > 0;)
        give_back(first + i, bits);
    return {};
}

Result<Word> ObjectAllocator::take_slots(Word count) {
    Result<Word> first = cspace_.slots().allocate_aligned(count);
    if (first)
        return first;
    TRY(more_slots());
    return cspace_.slots().allocate_aligned(count);
}

Result<void> ObjectAllocator::more_slots() {
    if (leaves_ == most_leaves_)
        return Error(ErrorCode::out_of_slots, leaves_ << leaf_bits_);
    if (!is_wide_) {
        TRY(source_.widen());
        cspace_.set_leaf_bits(leaf_bits_);
        is_wide_ = true;
    }
    const Word size = Word{1} << abi::object_bits(abi::ObjectType::cnode, leaf_bits_);
    Grant& grant = *TRY(grant_for(size, 1));
    TRY(Untyped(grant.slot).retype_into(abi::ObjectType::cnode, leaf_bits_, cspace_.cnode(), leaves_));
    grant.used += size;
    ++leaves_;
    cspace_.slots().extend(Word{1} << leaf_bits_);
    keep_a_slot();
    return {};
}

/// A grant with room for `count` objects, its `used` moved up to where the first one will lie.
Result<ObjectAllocator::Grant*> ObjectAllocator::grant_for(Word object_size, Word count) {
    const auto start_in = [&](const Grant& grant) { return (grant.used + object_size - 1) & ~(object_size - 1); };
    const auto has_room = [&](const Grant& grant) { return start_in(grant) + count * object_size <= grant.size; };
    Grant* const end = grants_ + grant_count_;
    Grant* found = std::find_if(grants_, end, has_room);
    if (found == end) {
        TRY(get_grant(count * object_size));
        found = end;
    }
    found->used = start_in(*found);
    return found;
}

/// The more there is already the larger is the next one, so that a few are enough; but a smaller one will do.
Result<void> ObjectAllocator::get_grant(Word size) {
    if (grant_count_ == max_grants || next_grant_slot_ == 0)
        return Error(ErrorCode::out_of_slots, max_grants);
    const auto needed = std::max<unsigned>(min_grant_bits, static_cast<unsigned>(std::bit_width(size - 1)));
    const unsigned like_before = static_cast<unsigned>(std::bit_width(given_ | 1)) - 1;
    unsigned bits = std::max(needed, std::clamp(like_before, usual_grant_bits, max_grant_bits));
    for (;; --bits) {
        const Result<void> got = source_.get(bits, next_grant_slot_);
        if (got)
            break;
        if (bits == needed)
            return got.error();
    }
    grants_[grant_count_++] = {std::exchange(next_grant_slot_, 0), Word{1} << bits, 0};
    given_ += Word{1} << bits;
    keep_a_slot();
    return {};
}

} // namespace sys
