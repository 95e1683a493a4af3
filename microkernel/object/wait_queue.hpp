// SPDX-License-Identifier: BSD-2-Clause
// Queues of waiting threads, ordered by priority, first come first served among equals.
//
// Threads of one priority form a run; the first of each run links to the neighbouring runs and to the last of its own.
// So an insertion passes at most 256 runs, however many threads wait.
#pragma once

namespace kernel {

struct Tcb;

/// Adds `thread` to the queue that begins with `first` (null = empty); returns the new first thread.
[[nodiscard]] Tcb* queue_insert(Tcb* first, Tcb& thread);
/// Removes `thread`, which must be queued, under the priority it was inserted with; returns the new first thread.
[[nodiscard]] Tcb* queue_remove(Tcb* first, Tcb& thread);

} // namespace kernel
