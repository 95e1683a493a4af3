// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts that wait for their first refill, ordered by its time.
#pragma once

#include <object/sched_context.hpp>

namespace kernel {

/// A treap: a search tree by time, and a heap by a hash of the context's address, which keeps it flat whatever times
/// user space chooses. All operations take a logarithmic number of steps, expected, and no recursion.
class ReleaseQueue {
public:
    /// `context` must not be in the queue; its first refill must not change until it leaves.
    void insert(SchedContext& context);
    /// `context` must be in the queue.
    void remove(SchedContext& context);
    /// The context whose first refill comes first; null = none waits.
    SchedContext* earliest() const;

private:
    SchedContext* root_ = nullptr;
};

} // namespace kernel
