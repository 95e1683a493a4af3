// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts that wait for their first refill, ordered by its time.
#pragma once

#include <object/sched_context.hpp>

namespace kernel {

/// A treap (Seidel and Aragon, "Randomized Search Trees", Algorithmica 16, 1996): a search tree by time, and a heap by
/// ranks drawn at random, which keeps it flat whatever times user space chooses. All operations take a logarithmic number
/// of steps, expected, and no recursion.
class ReleaseQueue {
public:
    /// `context` must not be in the queue; its first refill must not change until it leaves.
    void insert(SchedContext& context);
    /// `context` must be in the queue.
    void remove(SchedContext& context);
    /// The context whose first refill comes first; null = none waits.
    SchedContext* earliest() const { return earliest_; }

    /// Before the first insertion: what no program can know.
    void seed(uint64_t random) { random_ = random | 1; }

private:
    friend class Inspector;
    uint16_t draw_rank();

    SchedContext* root_ = nullptr;
    SchedContext* earliest_ = nullptr;
    uint64_t random_ = 0; ///< never 0 once it is seeded
};

} // namespace kernel
