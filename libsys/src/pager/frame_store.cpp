// SPDX-License-Identifier: BSD-2-Clause
#include <sys/pager/frame_store.hpp>

#include <algorithm>

namespace sys::pager {
namespace {

/// Makes frames in the slots from `first` on, at most as many as one call can; done already if the first is there.
Result<Word> make_some(Untyped memory, CNode cnode, Word first, Word count) {
    const Word part = std::min<Word>(count, abi::max_retype_count);
    const Result<void> made = memory.retype(abi::ObjectType::frame_4k, 0, {cnode, 0, 0}, first, part);
    if (!made && !(made.error() == abi::Error::delete_first))
        return made.error();
    return part;
}

} // namespace

FrameStore::FrameStore(const Layout& layout, std::span<uint32_t> owners) : layout_(layout), owners_(owners) {
    std::fill(owners_.begin(), owners_.end(), nobody);
}

Result<void> FrameStore::fill(Untyped memory, CNode cnode, VSpace own_space, TableStock& tables) {
    for (Word made = 0; made < count();)
        made += TRY(make_some(memory, cnode, layout_.first_slot + made, count() - made));
    for (Word mapped = 0; mapped < count();) {
        const Word address = layout_.window + mapped * page_size;
        const Result<Word> done = PageTables(own_space).map(Place(address, PageRights(3)), layout_.first_slot + mapped,
                                                            std::min<Word>(count() - mapped, abi::max_range));
        if (done)
            mapped += *done;
        else
            TRY(tables.add(done.error(), own_space, address));
    }
    return {};
}

Result<Word> FrameStore::take(Word page) {
    for (Word tried = 0; tried < count(); ++tried) {
        const Word frame = (hint_ + tried) % count();
        if (owners_[frame] != nobody)
            continue;
        assign(frame, page);
        hint_ = (frame + 1) % count();
        return frame;
    }
    return Error(ErrorCode::out_of_memory, page_size);
}

Result<Word> FrameStore::take_clear(Word page) {
    const Word frame = TRY(take(page));
    clear(frame);
    return frame;
}

Word FrameStore::free_count() const { return static_cast<Word>(std::count(owners_.begin(), owners_.end(), nobody)); }

std::optional<Word> FrameStore::named_by(Word cookie, Word page) const {
    if (cookie == 0 || cookie > count() || owners_[cookie - 1] != page)
        return std::nullopt;
    return cookie - 1;
}

std::optional<Word> FrameStore::owned_by(Word page) const {
    const auto found = std::find(owners_.begin(), owners_.end(), static_cast<uint32_t>(page));
    if (found == owners_.end())
        return std::nullopt;
    return static_cast<Word>(found - owners_.begin());
}

Result<std::optional<Word>> FrameStore::find(Word physical) const {
    Word low = 0;
    Word high = count();
    while (low < high) {
        const Word middle = (low + high) / 2;
        const Word here = TRY(capability(middle).physical_address());
        if (here == physical)
            return std::optional(middle);
        (here < physical ? low : high) = here < physical ? middle + 1 : middle;
    }
    return std::optional<Word>();
}

Result<std::optional<Word>> FrameStore::find(TableEntry entry) const {
    if (entry.is_present())
        return find(entry.physical());
    if (entry.cookie() == 0 || entry.cookie() > count())
        return std::optional<Word>();
    return std::optional(entry.cookie() - 1);
}

Result<void> FrameStore::recover(const Region& region) {
    Error failure;
    TRY(region.survey([&](Word page, TableEntry entry) {
        const auto frame = find(entry);
        if (!frame)
            failure = frame.error();
        else if (*frame && (entry.is_present() || owner(**frame) == nobody)) // a cookie may be out of date
            assign(**frame, page);
    }));
    if (!(failure == ErrorCode::none))
        return failure;
    return {};
}

} // namespace sys::pager
