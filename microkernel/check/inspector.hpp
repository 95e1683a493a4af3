// SPDX-License-Identifier: BSD-2-Clause
// What objects of the kernel show to nobody but the checks of their invariants, and to tests that break them.
#pragma once

#include <object/endpoint.hpp>
#include <sched/ready_queues.hpp>
#include <sched/release_queue.hpp>

namespace kernel {

class Inspector {
public:
    static Tcb*& last(ReadyQueues& queues, unsigned priority) { return queues.queues_[priority].last; }
    static std::array<uint64_t, priority_count / 64>& occupied(ReadyQueues& queues) { return queues.occupied_; }
    static uint64_t& summary(ReadyQueues& queues) { return queues.summary_; }

    static SchedContext*& root(ReleaseQueue& queue) { return queue.root_; }
    static SchedContext*& earliest(ReleaseQueue& queue) { return queue.earliest_; }

    /// Where a search for senders goes on; null: there is none.
    static const Tcb* scanned(const Endpoint& endpoint) { return endpoint.scan_ ? endpoint.scanned() : nullptr; }
};

} // namespace kernel
