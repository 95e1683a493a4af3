// SPDX-License-Identifier: BSD-2-Clause
// Pager: its pages read zero until they are written, and it may be replaced by another one at any time. What it decides is
// here; that answers become mappings is the kit's (sys/pager/serve.hpp), so that tests on the host run it as it is.
#pragma once

#include <sys/pager/frame_store.hpp>
#include <sys/pager/serve.hpp>

namespace sample_pager {

using namespace sys::pager;
using sys::Word;

class Pager {
public:
    /// Fills the pages of the region out of these frames.
    Pager(const Region& region, FrameStore& frames) : region_(region), frames_(frames) {}

    /// What an instance before this one has mapped stays where it is. Before it serves.
    sys::Result<void> recover() { return frames_.recover(region_); }
    /// A mapping, or a reason against it that the supervisor of the thread is told.
    Answer on_fault(const Fault& fault);
    /// The thread was gone before it got its new page: the frame is free again. Must make no system call.
    void on_answered(const Fault& fault, bool carried_out);

private:
    Region region_;
    FrameStore& frames_;
};

} // namespace sample_pager
