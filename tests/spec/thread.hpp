// SPDX-License-Identifier: BSD-2-Clause
// Threads stop and go on.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// Joins a queue, behind those of the same priority.
void join(Queue& queue, Thread& thread);
void leave(Queue& queue, Thread& thread);

/// Whatever `thread` waits for, it does no longer; a pending fault is forgotten. Its state is the caller's business.
void cancel_wait(System& system, Thread& thread);
/// It does not run until somebody resumes it; somebody asked for that.
void suspend(System& system, Thread& thread);
/// It does not run until somebody resumes it.
void stop(System& system, Thread& thread);
/// It executes its last instruction (again), whatever it waits for.
void restart(System& system, Thread& thread);
/// Changes a priority; if it waits in a queue, it moves behind its equals.
void set_priority(System& system, Thread& thread, unsigned priority);

void bind(Thread& thread, Notification& notification);
void unbind(Thread& thread);

} // namespace spec
