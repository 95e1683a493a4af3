// SPDX-License-Identifier: BSD-2-Clause
#include <servers/pagers/compressing_pager.hpp>

#include <sys/ipc/call.hpp>

namespace pagers {

using sys::Result;

Result<void> CompressingPager::recover() {
    TRY(region_.survey([&](Word page, TableEntry entry) {
        if (BlockPool::is_ours(entry.cookie()))
            pool_.adopt(entry.cookie(), page);
    }));
    return frames_.each_mapped(region_, 0, region_.pages, [&](Word page, Word frame) -> Result<void> {
        frames_.assign(frame, page);
        return {};
    });
}

Answer CompressingPager::forward(const Fault& fault) {
    ++figures_.forwarded;
    return Answer::forward(behind_, fault.cookie);
}

Answer CompressingPager::on_fault(const Fault& fault) {
    if (const auto denial = region_.denial(fault))
        return Answer::deny(*denial);
    const Word page = *region_.page_of(fault.address);
    if (fault.is_protection()) { // an instance died while it put this page away
        const auto present = frames_.owned_by(page);
        return present ? Answer::map(region_.item(page, frames_.capability(*present))) : forward(fault);
    }
    const bool is_block = BlockPool::is_ours(fault.cookie);
    if (fault.cookie != 0 && !is_block)
        return forward(fault);
    const auto frame = make_room(page, is_block ? BlockPool::Room::all : BlockPool::Room::all_but_last);
    if (!frame && is_block)
        return Answer::deny(Denial::no_memory);
    if (!frame)
        return forward(fault);
    if (!is_block)
        frames_.clear(*frame);
    else if (!pool_.get(fault.cookie, page, *frame)) {
        frames_.give_back(*frame);
        return Answer::deny(Denial::refused);
    }
    return Answer::map(region_.item(page, frames_.capability(*frame)));
}

/// Only now the block may go: as long as the page is not mapped, the cookie names it.
void CompressingPager::on_answered(const Fault& fault, bool carried_out) {
    const auto page = region_.page_of(fault.address);
    if (!page || fault.is_protection())
        return;
    const auto frame = frames_.owned_by(*page);
    if (!frame)
        return;
    if (!carried_out)
        frames_.give_back(*frame);
    else if (BlockPool::is_ours(fault.cookie)) {
        pool_.drop(fault.cookie);
        ++figures_.decompressed;
    }
}

Result<Word> CompressingPager::make_room(Word page, BlockPool::Room room) {
    // Twice around: what was used lately is spared once.
    for (Word looked = 0; looked <= 2 * region_.pages; ++looked) {
        auto free = frames_.take(page);
        if (free)
            return free.take();
        const Word candidate = hand_;
        hand_ = (hand_ + 1) % region_.pages;
        bool spared = false;
        TRY(region_.harvest(candidate, 1, abi::was_accessed, [&](Word, bool accessed, bool) { spared = accessed; }));
        if (spared && looked < region_.pages)
            continue;
        TRY(frames_.each_mapped(region_, candidate, 1, [&](Word victim, Word frame) -> Result<void> {
            static_cast<void>(put_away(victim, frame, room)); // if nobody has room for it, perhaps for the next
            return {};
        }));
    }
    return sys::ErrorCode::out_of_memory;
}

Result<void> CompressingPager::put_away(Word page, Word frame, BlockPool::Room room) {
    TRY(region_.protect(page, 1, read_only)); // what is written from now on is written after it came back
    const auto block = pool_.put(page, frame, room);
    const Word cookie = block ? *block : TRY(hand_down(page, frame));
    const auto evicted = region_.mapped(page).evict(cookie);
    if (!evicted) {
        if (block)
            pool_.drop(*block);
        return evicted.error();
    }
    frames_.give_back(frame);
    ++(block ? figures_.compressed : figures_.handed_down);
    return {};
}

Result<Word> CompressingPager::hand_down(Word page, Word frame) {
    Word cookie = 0;
    for (Word offset = 0; offset < page_size; offset += PutPart::most_bytes) {
        const auto answer = TRY(sys::call_with_payload(
            behind_, PutPart{page, offset},
            std::span<const uint8_t>(frames_.bytes(frame)).subspan(offset, PutPart::most_bytes)));
        cookie = answer.reply.cookie;
    }
    return cookie;
}

std::optional<sys::Message> CompressingPager::handle(sys::Incoming& incoming) {
    return sys::Dispatch(incoming)
        .on<Evict>([&](const Evict& request) { return done(evict(request.first, request.count)); })
        .on<Discard>([&](const Discard& request) { return done(discard(request.first, request.count)); })
        .answer();
}

Result<void> CompressingPager::evict(Word first, Word count) {
    TRY(frames_.each_mapped(region_, first, count,
                            [&](Word page, Word frame) { return put_away(page, frame, BlockPool::Room::all); }));
    TRY(sys::call(behind_, Evict{first, count}));
    return {};
}

Result<void> CompressingPager::discard(Word first, Word count) {
    TRY(region_.check(first, count));
    // Page by page: what the tables name no longer is free.
    for (Word page = first; page - first < count; ++page) {
        Word cookie = 0;
        TRY(region_.survey([&](Word, TableEntry entry) { cookie = entry.cookie(); }, page, 1));
        TRY(region_.forget(page, 1));
        if (BlockPool::is_ours(cookie))
            pool_.drop(cookie);
        frames_.give_back_of(page);
    }
    TRY(sys::call(behind_, Discard{first, count}));
    return {};
}

} // namespace pagers
