// SPDX-License-Identifier: BSD-2-Clause
// Pages in slots, compressed, in one piece of memory. What does not fit is refused; what was in the slot before is gone then.
#pragma once

#include <span>
#include <stdint.h>
#include <sys/result.hpp>

namespace swap_server {

using sys::Result;
using sys::Word;

class CompressedStore {
public:
    static constexpr Word page_size = 4096, unit_size = 256;

    /// Where a slot's page is: the first of its units, and how many bytes it takes; 0 bytes: nowhere.
    struct Place {
        uint32_t first = 0;
        uint16_t bytes = 0;
    };

    /// `memory`: a multiple of the unit size; `taken`: a byte for each unit, all 0; `slots`: empty places.
    CompressedStore(std::span<uint8_t> memory, std::span<uint8_t> taken, std::span<Place> slots)
        : memory_(memory), taken_(taken), slots_(slots) {}

    /// no_such_slot, or device_failed: there is no room.
    Result<void> write(Word slot, std::span<const uint8_t, page_size> page);
    /// no_such_slot, or device_failed: nothing was written there.
    Result<void> read(Word slot, std::span<uint8_t, page_size> page) const;
    Word free_units() const { return taken_.size() - used_; }

private:
    static constexpr Word units_of(Word bytes) { return (bytes + unit_size - 1) / unit_size; }
    void drop(Place& place);
    Result<uint32_t> find_room(Word units);

    std::span<uint8_t> memory_;
    std::span<uint8_t> taken_;
    std::span<Place> slots_;
    Word hint_ = 0;
    Word used_ = 0;
    uint8_t block_[page_size]; ///< the page that is being compressed
};

} // namespace swap_server
