// SPDX-License-Identifier: BSD-2-Clause
#include <servers/pagers/checkpoint_pager.hpp>

namespace pagers {

using sys::Result;

namespace {

/// The ledger is read by whoever comes after a crash: a line is written in one piece, and in its order.
template <class T>
void write_line(T& line, T value) {
    __atomic_store(&line, &value, __ATOMIC_SEQ_CST);
}

bool names(uint32_t number) { return number != PageRecord::none && number != PageRecord::unchanged; }

} // namespace

Answer CheckpointPager::on_fault(const Fault& fault) {
    if (const auto denial = region_.denial(fault))
        return Answer::deny(*denial);
    const Word page = *region_.page_of(fault.address);
    const PageRecord& record = ledger_.pages[page];
    const bool must_copy = has_checkpoint() && record.saved == PageRecord::unchanged;
    const bool may_write = !must_copy || fault.access() == Access::write;
    if (record.current == PageRecord::none || (must_copy && may_write))
        if (!change(page))
            return Answer::deny(Denial::no_memory);
    const bool writable = !has_checkpoint() || record.saved != PageRecord::unchanged;
    return Answer::map(
        region_.item(page, frames_.capability(record.current - 1), writable ? region_.rights : read_only));
}

/// The line is written when the frame is complete. Should nobody map it, it is the page's all the same.
Result<void> CheckpointPager::change(Word page) {
    PageRecord& record = ledger_.pages[page];
    const Word frame = TRY(frames_.take(page));
    if (record.current == PageRecord::none)
        frames_.clear(frame);
    else
        frames_.copy(frame, record.current - 1);
    const uint32_t saved = has_checkpoint() ? record.current : PageRecord::unchanged;
    write_line(record, PageRecord{static_cast<uint32_t>(frame + 1), saved});
    return {};
}

Result<void> CheckpointPager::recover() {
    for (Word page = 0; page < region_.pages; ++page)
        for (const uint32_t number : {ledger_.pages[page].current, ledger_.pages[page].saved})
            if (names(number))
                frames_.assign(number - 1, page);
    if (ledger_.state == State::taking)
        return finish_checkpoint();
    if (ledger_.state == State::rolling_back)
        return finish_roll_back();
    return {};
}

std::optional<sys::Message> CheckpointPager::handle(sys::Incoming& incoming) {
    return sys::Dispatch(incoming)
        .on<Evict>([&](const Evict& request) { return done(evict(request.first, request.count)); })
        .on<Discard>([&](const Discard& request) { return done(discard(request.first, request.count)); })
        .on<Checkpoint>([&](const Checkpoint&) { return done(take_checkpoint()); })
        .on<RollBack>([&](const RollBack&) { return done(roll_back()); })
        .answer();
}

Result<void> CheckpointPager::evict(Word first, Word count) {
    return frames_.each_mapped(region_, first, count, [&](Word page, Word frame) -> Result<void> {
        TRY(region_.mapped(page).evict(FrameStore::cookie_of(frame)));
        return {};
    });
}

/// The tables first, then the ledger: a frame that is mapped still belongs to its page.
Result<void> CheckpointPager::discard(Word first, Word count) {
    TRY(region_.forget(first, count));
    for (PageRecord& record : ledger_.pages.subspan(first, count)) {
        const uint32_t current = record.current;
        const bool is_kept = has_checkpoint() && record.saved == PageRecord::unchanged;
        write_line(record, PageRecord{PageRecord::none, is_kept ? current : record.saved});
        if (names(current) && !is_kept)
            frames_.give_back(current - 1);
    }
    return {};
}

Result<void> CheckpointPager::take_checkpoint() {
    TRY(region_.protect(0, region_.pages, read_only));
    write_line(ledger_.state, State::taking);
    return finish_checkpoint();
}

/// Pages are the checkpoint's as they are now; may be repeated.
Result<void> CheckpointPager::finish_checkpoint() {
    for (PageRecord& record : ledger_.pages) {
        const uint32_t saved = record.saved;
        write_line(record, PageRecord{record.current});
        if (names(saved))
            frames_.give_back(saved - 1);
    }
    write_line(ledger_.state, State::taken);
    return {};
}

Result<void> CheckpointPager::roll_back() {
    if (!has_checkpoint())
        return sys::ErrorCode::not_found;
    write_line(ledger_.state, State::rolling_back);
    return finish_roll_back();
}

/// Pages that were changed go, and fault in again as they were; may be repeated.
Result<void> CheckpointPager::finish_roll_back() {
    for (Word page = 0; page < region_.pages; ++page) {
        PageRecord& record = ledger_.pages[page];
        if (record.saved == PageRecord::unchanged)
            continue;
        TRY(region_.unmap(page, 1, record.saved)); // the number of a frame + 1 is its cookie
        const uint32_t changed = record.current;
        write_line(record, PageRecord{record.saved});
        if (names(changed))
            frames_.give_back(changed - 1);
    }
    write_line(ledger_.state, State::taken);
    return {};
}

} // namespace pagers
