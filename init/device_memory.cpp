// SPDX-License-Identifier: BSD-2-Clause
// Halving device untypeds.
#include <init/device_memory.hpp>

#include <algorithm>

namespace init {

namespace {
constexpr Word page_size = Word{1} << abi::page_bits;
}

DeviceMemory::DeviceMemory(Slots& slots, const abi::BootInfo& boot_info) : slots_(slots) {
    for (Word i = 0; i < boot_info.untyped.count() && i < abi::max_boot_untyped && count_ < capacity; ++i) {
        const abi::UntypedDescriptor& untyped = boot_info.untyped_list[i];
        if (untyped.is_device != 0)
            pieces_[count_++] = {untyped.paddr, boot_info.untyped.start + i, untyped.size_bits, false};
    }
}

Result<void> DeviceMemory::halve(unsigned index) {
    if (count_ + 2 > capacity)
        return sys::Error(sys::ErrorCode::out_of_range, capacity);
    Piece& piece = pieces_[index];
    const auto bits = static_cast<uint8_t>(piece.bits - 1);
    const Word slots = TRY(slots_.take(2));
    TRY(sys::Untyped(piece.slot).retype(abi::ObjectType::untyped, bits, sys::SlotRef{own_cnode, 0, 0}, slots, 2));
    piece.used = true;
    pieces_[count_++] = {piece.physical, slots, bits, false};
    pieces_[count_++] = {piece.physical + (Word{1} << bits), slots + 1, bits, false};
    return {};
}

/// The part of `physical`..`end` that lies in a piece; `first_slot` is that of the page at `physical`.
Result<void> DeviceMemory::take_from(unsigned index, Word physical, Word end, Word first_slot) {
    const Piece piece = pieces_[index];
    const Word piece_end = piece.physical + (Word{1} << piece.bits);
    if (piece.used || piece.physical >= end || piece_end <= physical)
        return {};
    const bool inside = piece.physical >= physical && piece_end <= end;
    if (!inside || piece.bits > abi::page_bits + 8) {
        if (piece.bits <= abi::page_bits)
            return sys::ErrorCode::out_of_range; // a piece smaller than a page
        TRY(halve(index));
        const unsigned low = count_ - 2;
        TRY(take_from(low, physical, end, first_slot));
        return take_from(low + 1, physical, end, first_slot);
    }
    if (piece.bits < abi::page_bits)
        return sys::ErrorCode::out_of_range;
    const Word slot = first_slot + (piece.physical - physical) / page_size;
    TRY(sys::Untyped(piece.slot)
            .retype(abi::ObjectType::frame_4k, 0, sys::SlotRef{own_cnode, 0, 0}, slot,
                    Word{1} << (piece.bits - abi::page_bits)));
    pieces_[index].used = true;
    return {};
}

Result<Word> DeviceMemory::take(Word physical, Word pages) {
    if (physical % page_size != 0 || pages == 0)
        return sys::ErrorCode::invalid_value;
    const Word end = physical + pages * page_size;
    Word available = 0;
    for (unsigned i = 0; i < count_; ++i) {
        if (pieces_[i].used)
            continue;
        const Word from = std::max(pieces_[i].physical, physical);
        const Word to = std::min(pieces_[i].physical + (Word{1} << pieces_[i].bits), end);
        if (from < to)
            available += to - from;
    }
    if (available != end - physical)
        return sys::Error(sys::ErrorCode::not_found, physical);
    const Word first_slot = TRY(slots_.take(pages));
    const unsigned before = count_;
    for (unsigned i = 0; i < before; ++i)
        TRY(take_from(i, physical, end, first_slot));
    return first_slot;
}

} // namespace init
