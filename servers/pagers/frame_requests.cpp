// SPDX-License-Identifier: BSD-2-Clause
#include <servers/pagers/frame_requests.hpp>

namespace pagers {

using sys::Result;
using sys::Word;

std::optional<sys::Message> FrameRequests::handle(sys::Incoming& incoming) {
    return sys::Dispatch(incoming)
        .on<Evict>([&](const Evict& request) { return done(evict(request.first, request.count)); })
        .on<Discard>([&](const Discard& request) { return done(discard(request.first, request.count)); })
        .on<PutPart>(
            [&](const PutPart& part) -> Result<PutPart::Reply> { return put(part, TRY(incoming.payload<PutPart>())); })
        .answer();
}

Result<void> FrameRequests::evict(Word first, Word count) const {
    return frames_.each_mapped(region_, first, count, [&](Word page, Word frame) -> Result<void> {
        TRY(region_.mapped(page).evict(FrameStore::cookie_of(frame)));
        return {};
    });
}

Result<void> FrameRequests::discard(Word first, Word count) const {
    TRY(region_.forget(first, count));
    for (Word frame = 0; frame < frames_.count(); ++frame)
        if (frames_.owner(frame) >= first && frames_.owner(frame) - first < count)
            frames_.give_back(frame);
    return {};
}

Result<PutPart::Reply> FrameRequests::put(const PutPart& part, std::span<const uint8_t> bytes) const {
    if (part.page >= region_.pages || part.offset > page_size || bytes.size() > page_size - part.offset)
        return sys::ErrorCode::out_of_range;
    const auto own = frames_.owned_by(part.page);
    const Word frame = own ? *own : TRY(frames_.take_clear(part.page));
    memcpy(frames_.bytes(frame).data() + part.offset, bytes.data(), bytes.size());
    return PutPart::Reply{FrameStore::cookie_of(frame)};
}

} // namespace pagers
