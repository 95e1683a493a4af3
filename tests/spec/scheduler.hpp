// SPDX-License-Identifier: BSD-2-Clause
// Who runs next, who pays, and until when.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// It would run if nobody more important did.
bool schedulable(const Thread& thread);
/// Its context has enough budget now.
bool has_budget(const System& system, const SchedContext& context);

/// `thread` may run now; if it may run at all, it is considered at the end of this kernel entry.
void wake(System& system, Thread& thread);
/// The same for one that was answered: without budget it raises its own Timeout, or waits for the refill.
void wake_answered(System& system, Thread& thread, bool was_timeout);
/// Somebody else may have to run.
void reschedule(System& system);
/// The thread of `context` waits for the first refill.
void wait_for_refill(System& system, SchedContext& context);
/// `context` does not wait for its first refill any more.
void wait_no_longer(System& system, SchedContext& context);
/// `thread` is neither ready nor woken any more.
void leave_schedule(System& system, Thread& thread);
/// To the head of its priority.
void go_to_head(System& system, Thread& thread);
/// It may run and does not.
bool is_ready(const System& system, const Thread& thread);

/// The context that pays has paid up to now.
void charge(System& system);
/// Whether the running thread has enough budget for this kernel entry; if not, its budget ends here.
bool may_enter(System& system);
/// The running thread gives up the rest of its refill.
void yield(System& system);
/// The YieldTo of `thread`, if it is in one, is answered.
void end_yield(System& system, Thread& thread);
/// It is not: the call will be made again.
void cancel_yield(Thread& thread);

/// End of a kernel entry.
void finish(System& system);

} // namespace spec
