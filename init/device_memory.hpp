// SPDX-License-Identifier: BSD-2-Clause
// Memory by physical address: device untypeds from the boot information, halved until frames of just the wanted range can
// be made. What is left over stays available.
#pragma once

#include <init/slots.hpp>
#include <sys/cap/untyped.hpp>

namespace init {

class DeviceMemory {
public:
    DeviceMemory(Slots& slots, const abi::BootInfo& boot_info);

    /// Frames of 4 KiB for `pages` pages from `physical` on, in neighbouring slots; the first slot. A page can be taken once.
    Result<Word> take(Word physical, Word pages);

private:
    struct Piece {
        Word physical;
        Word slot;
        uint8_t bits;
        bool used; ///< made into frames or halved
    };
    static constexpr unsigned capacity = 768;

    Result<void> take_from(unsigned piece, Word physical, Word end, Word first_slot);
    Result<void> halve(unsigned piece);

    Slots& slots_;
    Piece pieces_[capacity];
    unsigned count_ = 0;
};

} // namespace init
