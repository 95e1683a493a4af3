// SPDX-License-Identifier: BSD-2-Clause
// The requests of a pager all of whose pages are frames of one store: evict, discard, and take over pages that are handed down.
#pragma once

#include <sys/ipc/server.hpp>
#include <sys/pager/frame_store.hpp>
#include <sys/pager/requests.hpp>

namespace pagers {

using namespace sys::pager;

class FrameRequests {
public:
    FrameRequests(const Region& region, FrameStore& frames) : region_(region), frames_(frames) {}

    std::optional<sys::Message> handle(sys::Incoming& incoming);

    /// The page's frame stays, and its number is the cookie.
    sys::Result<void> evict(sys::Word first, sys::Word count) const;
    /// The tables first: a frame that is mapped nowhere is free.
    sys::Result<void> discard(sys::Word first, sys::Word count) const;

private:
    sys::Result<PutPart::Reply> put(const PutPart& part, std::span<const uint8_t> bytes) const;

    Region region_;
    FrameStore& frames_;
};

} // namespace pagers
