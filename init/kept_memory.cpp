// SPDX-License-Identifier: BSD-2-Clause
// One range of frames, given out from its start.
#include <init/kept_memory.hpp>

#include <sys/cap/frame.hpp>

namespace init {

namespace {
constexpr Word page_bytes = Word{1} << abi::page_bits;
}

/// One untyped of that size, so that the frames are neighbours in physical memory.
Result<void> KeptMemory::prepare(OwnMemory& memory) {
    constexpr unsigned bits = abi::page_bits + 7;
    static_assert(Word{1} << bits == pages * page_bytes);
    const sys::Untyped block(TRY(memory.make(abi::ObjectType::untyped, bits)));
    first_slot_ = TRY(memory.slots().take(pages));
    TRY(block.retype(abi::ObjectType::frame_4k, 0, sys::SlotRef{own_cnode, 0, 0}, first_slot_, pages));
    physical_ = TRY(sys::Frame(first_slot_).physical_address());
    return {};
}

Result<Word> KeptMemory::pages_for(Word owner, Word count) {
    for (unsigned i = 0; i < share_count_; ++i) {
        if (shares_[i].owner != owner)
            continue;
        if (shares_[i].count < count)
            return sys::Error(sys::ErrorCode::out_of_memory, count * page_bytes);
        return physical_ + shares_[i].first * page_bytes;
    }
    if (share_count_ == max_owners || count > pages - given_)
        return sys::Error(sys::ErrorCode::out_of_memory, count * page_bytes);
    shares_[share_count_++] = {owner, given_, count};
    given_ += count;
    return physical_ + (given_ - count) * page_bytes;
}

Result<sys::Endpoint> KeptMemory::endpoint_for(OwnMemory& memory, Word owner) {
    for (unsigned i = 0; i < share_count_; ++i) {
        if (shares_[i].owner != owner)
            continue;
        if (shares_[i].endpoint.is_null())
            shares_[i].endpoint = sys::Endpoint(TRY(memory.make(abi::ObjectType::endpoint)));
        return shares_[i].endpoint;
    }
    return sys::ErrorCode::not_found;
}

} // namespace init
