// SPDX-License-Identifier: BSD-2-Clause
// Compressed pages, in the first frames of a store. A frame is cut into 16 units; a block is a row of units of one frame. Where a
// block is, is all in its cookie: the page tables are the pool's only index, and a new instance finds every block there.
//
//   bit 35: this pager's   bits 8-34: frame   bits 4-7: first unit   bits 0-3: units - 1
#pragma once

#include <sys/pager/frame_store.hpp>

namespace pagers {

using namespace sys::pager;
using sys::Word;

class BlockPool {
public:
    static constexpr Word unit_size = 256, units = page_size / unit_size;
    /// What takes more is better off elsewhere.
    static constexpr Word most_units = 12;
    /// Owner of the pool's frames in the store: no page.
    static constexpr uint32_t owner = FrameStore::nobody - 1;

    /// Frames 0 to taken.size() - 1 of the store; one word of `taken` for each, a bit for each unit.
    BlockPool(FrameStore& frames, std::span<uint16_t> taken);

    static bool is_ours(Word cookie) { return cookie >> 35 & 1; }

    /// The last frame is for those that change places: a page that makes room for one which comes back.
    enum class Room : bool { all, all_but_last };
    /// Compresses frame `frame`, the contents of `page`; the cookie of the block, or nothing if it gains too little or there
    /// is no room.
    std::optional<Word> put(Word page, Word frame, Room room);
    /// Fills the frame. False: the cookie names no block of this page.
    bool get(Word cookie, Word page, Word frame) const;
    void drop(Word cookie) { taken_[frame_of(cookie)] &= static_cast<uint16_t>(~mask_of(cookie)); }
    /// A block that a former instance made; false if it cannot be one.
    bool adopt(Word cookie, Word page);
    Word free_units() const;

private:
    struct Header {
        uint32_t page;
        uint32_t size;
    };
    static Word frame_of(Word cookie) { return (cookie & ~(Word{1} << 35)) >> 8; }
    static Word first_of(Word cookie) { return cookie >> 4 & 15; }
    static Word count_of(Word cookie) { return (cookie & 15) + 1; }
    static uint16_t mask_of(Word cookie) {
        return static_cast<uint16_t>(((Word{1} << count_of(cookie)) - 1) << first_of(cookie));
    }
    bool is_possible(Word cookie) const;
    std::span<uint8_t> bytes(Word cookie) const;
    std::optional<Word> room_for(Word count, Room room);

    FrameStore& frames_;
    std::span<uint16_t> taken_;
    uint8_t block_[most_units * unit_size - sizeof(Header)]; ///< the one that is being made
};

} // namespace pagers
