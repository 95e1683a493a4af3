// SPDX-License-Identifier: BSD-2-Clause
// A pager in front of another. It answers from memory that it was lent: pages that are in use lie there as they are, cold ones
// compressed. What does not compress it hands down to the pager behind, and forwards its faults from then on. Who keeps a page is
// in the tables: a cookie of this pager's, a cookie of the other's, or a frame of either. If neither has memory left and no page in
// use compresses, a page that is to come back is denied for want of memory; nothing of it is lost.
#pragma once

#include <servers/pagers/block_pool.hpp>
#include <sys/pager/requests.hpp>
#include <sys/pager/serve.hpp>

namespace pagers {

class CompressingPager {
public:
    /// `behind`: takes faults and the requests of sys/pager/requests.hpp; its cookies are below 2^35. `pool`: a word for each of
    /// the store's first frames that are to hold compressed pages.
    CompressingPager(const Region& region, FrameStore& frames, std::span<uint16_t> pool, sys::Endpoint behind)
        : region_(region), frames_(frames), pool_(frames, pool), behind_(behind) {}

    sys::Result<void> recover();
    Answer on_fault(const Fault& fault);
    void on_answered(const Fault& fault, bool carried_out);
    std::optional<sys::Message> handle(sys::Incoming& incoming);
    void handle_signal(sys::Badge) {}

    struct Figures {
        Word compressed = 0; ///< pages put into the pool
        Word decompressed = 0; ///< and brought back
        Word handed_down = 0; ///< pages given to the pager behind
        Word forwarded = 0; ///< faults that it answered
    };
    const Figures& figures() const { return figures_; }

private:
    static constexpr sys::PageRights read_only{2};

    Answer forward(const Fault& fault);
    /// A frame for the page: a free one, or that of a page that was not used lately.
    sys::Result<Word> make_room(Word page, BlockPool::Room room);
    /// The page is somewhere else then, and its frame free.
    sys::Result<void> put_away(Word page, Word frame, BlockPool::Room room);
    sys::Result<Word> hand_down(Word page, Word frame);
    sys::Result<void> evict(Word first, Word count);
    sys::Result<void> discard(Word first, Word count);

    Region region_;
    FrameStore& frames_;
    BlockPool pool_;
    sys::Endpoint behind_;
    Word hand_ = 0; ///< of the clock: the page to look at next
    Figures figures_;
};

} // namespace pagers
