// SPDX-License-Identifier: BSD-2-Clause
// The frames in a pager's care. Frame n's own capability is in slot n of a row, and it is mapped in the pager's own window, where it
// is cleared and copied without a kernel entry; what a client sees is a copy of the capability (Region). So nothing is searched.
#pragma once

#include <optional>
#include <string.h>
#include <sys/pager/region.hpp>
#include <sys/pager/table_stock.hpp>
#include <sys/raw/memory.hpp>

namespace sys::pager {

/// The frames that a pager has, and whose they are.
class FrameStore {
public:
    /// Owner of a frame that has none.
    static constexpr uint32_t nobody = ~uint32_t{0};

    /// Where the frames are.
    struct Layout {
        Word first_slot = 0; ///< of the frames' capabilities
        Word window = 0; ///< address of frame 0 in the pager's own space
    };
    /// As many frames as `owners` has room for. A frame belongs to a page of the pager's region, or to nobody.
    FrameStore(const Layout& layout, std::span<uint32_t> owners);

    /// Makes the frames that are not there yet, and maps all of them in the window: at the start, and again by an instance
    /// that takes over from one that died.
    Result<void> fill(Untyped memory, CNode cnode, VSpace own_space, TableStock& tables);

    /// A frame for the page, with whatever its last owner left in it; out_of_memory.
    Result<Word> take(Word page);
    /// A frame for the page, all zero.
    Result<Word> take_clear(Word page);
    /// A particular one.
    void assign(Word frame, Word page) { owners_[frame] = static_cast<uint32_t>(page); }
    void give_back(Word frame) { owners_[frame] = nobody; }
    /// What belongs to the page, if anything does.
    void give_back_of(Word page) {
        if (const auto frame = owned_by(page))
            give_back(*frame);
    }
    uint32_t owner(Word frame) const { return owners_[frame]; }

    Frame capability(Word frame) const { return Frame(layout_.first_slot + frame); }
    std::span<uint8_t, page_size> bytes(Word frame) const {
        return std::span<uint8_t, page_size>(static_cast<uint8_t*>(raw::memory(layout_.window + frame * page_size)),
                                             page_size);
    }
    void clear(Word frame) const { memset(bytes(frame).data(), 0, page_size); }
    void copy(Word to, Word from) const { memcpy(bytes(to).data(), bytes(from).data(), page_size); }

    Word count() const { return owners_.size(); }
    Word free_count() const;

    // --- cookies that name frames ---
    static constexpr Word cookie_of(Word frame) { return frame + 1; }
    /// The frame that a cookie names, if it belongs to the page: a cookie is a hint, no proof.
    std::optional<Word> named_by(Word cookie, Word page) const;
    /// The frame at a physical address: for an instance that starts anew. They must lie in the order of their numbers, as
    /// Retype makes them.
    Result<std::optional<Word>> find(Word physical) const;
    /// The frame that the entry maps or names by its cookie, whoever owns it.
    Result<std::optional<Word>> find(TableEntry entry) const;
    /// The frame of a page, if it has one. Searches.
    std::optional<Word> owned_by(Word page) const;
    /// `step(page, frame)` for pages of the range that are mapped and are frames of this store.
    template <class Step>
    Result<void> each_mapped(const Region& region, Word first, Word count, Step&& step) const;
    /// Every frame that the region's entries map or name belongs to its page from now on.
    Result<void> recover(const Region& region);

private:
    Layout layout_;
    std::span<uint32_t> owners_;
    Word hint_ = 0; ///< where to look for a free one first
};

template <class Step>
Result<void> FrameStore::each_mapped(const Region& region, Word first, Word count, Step&& step) const {
    Error failure;
    TRY(region.survey(
        [&](Word page, TableEntry entry) {
            if (!entry.is_present() || !(failure == ErrorCode::none))
                return;
            const auto frame = find(entry.physical());
            if (!frame)
                failure = frame.error();
            else if (*frame)
                if (const Result<void> done = step(page, **frame); !done)
                    failure = done.error();
        },
        first, count));
    if (!(failure == ErrorCode::none))
        return failure;
    return {};
}

/// A store that brings its records.
template <size_t frames>
class StaticFrameStore : public FrameStore {
public:
    explicit StaticFrameStore(const Layout& layout) : FrameStore(layout, records_) {}
    StaticFrameStore(const StaticFrameStore&) = delete;

private:
    uint32_t records_[frames];
};

} // namespace sys::pager
