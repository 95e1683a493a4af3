// SPDX-License-Identifier: BSD-2-Clause
// The smallest useful pager: pages that read zero until they are written. docs/how-to-write-a-pager.md walks through it.
#pragma once

#include <servers/pagers/frame_requests.hpp>
#include <sys/pager/serve.hpp>

namespace pagers {

using namespace sys::pager;

class ZeroFillPager {
public:
    ZeroFillPager(const Region& region, FrameStore& frames)
        : region_(region), frames_(frames), requests_(region, frames) {}

    /// What an instance before this one mapped or evicted is where it was.
    sys::Result<void> recover() { return frames_.recover(region_); }

    Answer on_fault(const Fault& fault) {
        if (const auto denial = region_.denial(fault))
            return Answer::deny(*denial);
        const sys::Word page = *region_.page_of(fault.address);
        const auto frame = frame_for(page, fault);
        if (!frame)
            return Answer::deny(Denial::no_memory);
        return Answer::map(region_.item(page, frames_.capability(*frame)));
    }

    /// The thread was gone before it got its new page.
    void on_answered(const Fault& fault, bool carried_out) {
        const auto page = region_.page_of(fault.address);
        if (!carried_out && page && fault.cookie == 0 && !fault.is_protection())
            frames_.give_back_of(*page);
    }
    std::optional<sys::Message> handle(sys::Incoming& incoming) { return requests_.handle(incoming); }
    void handle_signal(sys::Badge) {}

private:
    /// The one that was evicted, or lost its rights; else a new one.
    sys::Result<sys::Word> frame_for(sys::Word page, const Fault& fault) {
        if (const auto evicted = frames_.named_by(fault.cookie, page))
            return *evicted;
        if (const auto present = fault.is_protection() ? frames_.owned_by(page) : std::nullopt)
            return *present;
        return frames_.take_clear(page);
    }

    Region region_;
    FrameStore& frames_;
    FrameRequests requests_;
};

} // namespace pagers
