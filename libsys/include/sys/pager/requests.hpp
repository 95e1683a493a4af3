// SPDX-License-Identifier: BSD-2-Clause
// Requests that pagers of the kit take besides faults, each those that make sense for it. Pages count from the region's first.
// Repeating a request that was done, or half done, does no harm: who calls a pager that dies simply calls again.
#pragma once

#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>
#include <sys/result.hpp>

namespace sys::pager {

/// Takes pages out of the tables; their contents are kept.
struct Evict {
    static constexpr Word label = request_label(Protocol::region_pager, 0);
    Word first = 0;
    Word count = 0;
    using Reply = Empty;
};

/// Forgets pages: they read zero from now on.
struct Discard {
    static constexpr Word label = request_label(Protocol::region_pager, 1);
    Word first = 0;
    Word count = 0;
    using Reply = Empty;
};

/// Hands a part of a page down to the pager behind, which keeps it from then on: behind this structure come the bytes. The
/// cookie in the answer names the whole page; faults are forwarded with it.
struct PutPart {
    static constexpr Word label = request_label(Protocol::region_pager, 2);
    static constexpr Word most_bytes = 512;
    Word page = 0;
    Word offset = 0;
    struct Reply {
        Word cookie = 0;
    };
};

/// The region as it is now is what RollBack brings back; what an earlier checkpoint kept is forgotten.
struct Checkpoint {
    static constexpr Word label = request_label(Protocol::region_pager, 3);
    using Reply = Empty;
};

/// Brings the region back to the last checkpoint. The threads in it should not run meanwhile.
struct RollBack {
    static constexpr Word label = request_label(Protocol::region_pager, 4);
    using Reply = Empty;
};

/// The answer to a request that is done, or has failed.
inline Result<Empty> done(const Result<void>& result) {
    if (!result)
        return result.error();
    return Empty{};
}

} // namespace sys::pager
