// SPDX-License-Identifier: BSD-2-Clause
// A pager that can bring its region back to what it was at a checkpoint. A checkpoint takes the right to write away from all pages,
// in a few kernel calls; the first write to a page then makes a copy of it, and the frame before stays as the checkpoint's.
//
// The ledger, in memory that outlives the pager, says of each page which frames are whose. A line is written before the step that
// it announces, so that an instance that takes over finishes what was begun.
#pragma once

#include <sys/pager/frame_store.hpp>
#include <sys/pager/requests.hpp>
#include <sys/pager/serve.hpp>

namespace pagers {

using namespace sys::pager;
using sys::Word;

/// Of one page; written in one piece.
struct alignas(8) PageRecord {
    static constexpr uint32_t none = 0, unchanged = ~uint32_t{0};
    uint32_t current = none; ///< frame + 1 with the contents
    uint32_t saved =
        unchanged; ///< frame + 1 with those at the checkpoint, none: it was zero then; unchanged: the same as now
};

struct CheckpointLedger {
    enum class State : uint64_t { no_checkpoint, taken, taking, rolling_back };
    State state = State::no_checkpoint;
    std::span<PageRecord> pages; ///< one for each page of the region
};

class CheckpointPager {
public:
    CheckpointPager(const Region& region, FrameStore& frames, CheckpointLedger& ledger)
        : region_(region), frames_(frames), ledger_(ledger) {}

    /// What the ledger announces is finished.
    sys::Result<void> recover();
    Answer on_fault(const Fault& fault);
    std::optional<sys::Message> handle(sys::Incoming& incoming);
    void handle_signal(sys::Badge) {}

private:
    using State = CheckpointLedger::State;
    static constexpr sys::PageRights read_only{2};

    bool has_checkpoint() const { return ledger_.state == State::taken; }
    /// A frame of its own for a page that the checkpoint has to keep as it is, or that has none yet.
    sys::Result<void> change(Word page);
    sys::Result<void> take_checkpoint();
    sys::Result<void> finish_checkpoint();
    sys::Result<void> roll_back();
    sys::Result<void> finish_roll_back();
    sys::Result<void> evict(Word first, Word count);
    sys::Result<void> discard(Word first, Word count);

    Region region_;
    FrameStore& frames_;
    CheckpointLedger& ledger_;
};

} // namespace pagers
