// SPDX-License-Identifier: BSD-2-Clause
// Next fit over units; pages that do not compress are kept as they are.
#include <servers/swap/compressed_store.hpp>

#include <string.h>
#include <sys/protocol/swap.hpp>
#include <sys/util/page_codec.hpp>

namespace swap_server {

using sys::protocol::swap::Error;

void CompressedStore::drop(Place& place) {
    const Word units = units_of(place.bytes);
    for (Word i = 0; i < units; ++i)
        taken_[place.first + i] = 0;
    used_ -= units;
    place = {};
}

Result<uint32_t> CompressedStore::find_room(Word units) {
    Word run = 0;
    for (Word looked = 0; looked < taken_.size() + units; ++looked, ++hint_) {
        if (hint_ >= taken_.size()) {
            hint_ = 0;
            run = 0; // a page does not go round the end
        }
        run = taken_[hint_] == 0 ? run + 1 : 0;
        if (run == units)
            return static_cast<uint32_t>(hint_++ + 1 - units);
    }
    return Error::device_failed;
}

Result<void> CompressedStore::write(Word slot, std::span<const uint8_t, page_size> page) {
    if (slot >= slots_.size())
        return Error::no_such_slot;
    Place& place = slots_[slot];
    drop(place);
    constexpr Word worth_it = page_size - unit_size;
    const size_t compressed = sys::compress(page, std::span(block_).first(worth_it));
    const Word bytes = compressed == 0 ? page_size : compressed;
    const uint32_t first = TRY(find_room(units_of(bytes)));
    memcpy(memory_.data() + first * unit_size, compressed == 0 ? page.data() : block_, bytes);
    for (Word i = 0; i < units_of(bytes); ++i)
        taken_[first + i] = 1;
    used_ += units_of(bytes);
    place = {first, static_cast<uint16_t>(bytes)};
    return {};
}

Result<void> CompressedStore::read(Word slot, std::span<uint8_t, page_size> page) const {
    if (slot >= slots_.size())
        return Error::no_such_slot;
    const Place place = slots_[slot];
    const std::span<const uint8_t> bytes = memory_.subspan(place.first * unit_size, place.bytes);
    if (place.bytes == page_size)
        memcpy(page.data(), bytes.data(), page_size);
    else if (place.bytes == 0 || !sys::decompress(bytes, page))
        return Error::device_failed;
    return {};
}

} // namespace swap_server
