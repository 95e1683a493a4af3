// SPDX-License-Identifier: BSD-2-Clause
// Pager: what sample-pager decides about a page fault. It knows nothing of threads and tables, so that the host tests run it
// as it is. Its region is filled page by page at the first touch, out of frames that are clear; nothing else is answered for.
#pragma once

#include <span>
#include <sys/cap/frame.hpp>
#include <sys/ipc/pager.hpp>

namespace sample_pager {

using sys::Word;

inline constexpr Word page_size = Word{1} << abi::page_bits;

/// Why a fault is denied: the supervisor of the thread sees it.
enum class Denied : uint8_t { outside = 1, not_allowed, out_of_frames };

/// A mapping, or the reason for none.
struct Answer {
    sys::MapItem item{};
    bool maps = false;
    Denied why{};
};

struct Region {
    Word start = 0; ///< a multiple of the page size
    Word pages = 0;
    bool writable = true;
};

class Pager {
public:
    /// `frames`: in the order in which they are given, clear and unmapped.
    Pager(const Region& region, std::span<const sys::Frame> frames) : region_(region), frames_(frames) {}

    Answer answer(const sys::KeeperFault& fault);
    size_t frames_left() const { return frames_.size(); }

private:
    Region region_;
    std::span<const sys::Frame> frames_;
};

/// Answers faults until a message comes that is none; returns it.
sys::Result<sys::Received> serve(const sys::PagerPort& port, Pager& pager);

} // namespace sample_pager
