// SPDX-License-Identifier: BSD-2-Clause
#include <servers/pagers/block_pool.hpp>
#include <sys/util/page_codec.hpp>

#include <algorithm>

namespace pagers {

BlockPool::BlockPool(FrameStore& frames, std::span<uint16_t> taken) : frames_(frames), taken_(taken) {
    for (Word frame = 0; frame < taken_.size(); ++frame) {
        frames_.assign(frame, owner);
        taken_[frame] = 0;
    }
}

bool BlockPool::is_possible(Word cookie) const {
    return is_ours(cookie) && cookie >> 36 == 0 && frame_of(cookie) < taken_.size() &&
           first_of(cookie) + count_of(cookie) <= units;
}

std::span<uint8_t> BlockPool::bytes(Word cookie) const {
    return std::span<uint8_t>(frames_.bytes(frame_of(cookie)))
        .subspan(first_of(cookie) * unit_size, count_of(cookie) * unit_size);
}

std::optional<Word> BlockPool::room_for(Word count, Room room) {
    for (Word frame = 0; frame + (room == Room::all_but_last) < taken_.size(); ++frame) {
        for (Word first = 0; first + count <= units; ++first) {
            const Word cookie = Word{1} << 35 | frame << 8 | first << 4 | (count - 1);
            if ((taken_[frame] & mask_of(cookie)) == 0)
                return cookie;
        }
    }
    return std::nullopt;
}

std::optional<Word> BlockPool::put(Word page, Word frame, Room room) {
    const size_t size = sys::compress(frames_.bytes(frame), block_);
    if (size == 0)
        return std::nullopt;
    const auto cookie = room_for((sizeof(Header) + size + unit_size - 1) / unit_size, room);
    if (!cookie)
        return std::nullopt;
    const Header header{static_cast<uint32_t>(page), static_cast<uint32_t>(size)};
    memcpy(bytes(*cookie).data(), &header, sizeof header);
    memcpy(bytes(*cookie).data() + sizeof header, block_, size);
    taken_[frame_of(*cookie)] |= mask_of(*cookie);
    return cookie;
}

bool BlockPool::get(Word cookie, Word page, Word frame) const {
    if (!is_possible(cookie) || (taken_[frame_of(cookie)] & mask_of(cookie)) != mask_of(cookie))
        return false;
    const std::span<uint8_t> all = bytes(cookie);
    Header header;
    memcpy(&header, all.data(), sizeof header);
    if (header.page != page || header.size > all.size() - sizeof header)
        return false;
    return sys::decompress(all.subspan(sizeof header, header.size), frames_.bytes(frame));
}

bool BlockPool::adopt(Word cookie, Word page) {
    if (!is_possible(cookie) || (taken_[frame_of(cookie)] & mask_of(cookie)) != 0)
        return false;
    Header header;
    memcpy(&header, bytes(cookie).data(), sizeof header);
    if (header.page != page)
        return false;
    taken_[frame_of(cookie)] |= mask_of(cookie);
    return true;
}

Word BlockPool::free_units() const {
    Word count = 0;
    for (const uint16_t mask : taken_)
        count += units - static_cast<Word>(__builtin_popcount(mask));
    return count;
}

} // namespace pagers
