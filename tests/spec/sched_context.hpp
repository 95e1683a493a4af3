// SPDX-License-Identifier: BSD-2-Clause
// Scheduling contexts: bound to threads and notifications, passed on.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// The context changes over to `thread`, which has none.
void give_context(System& system, SchedContext& context, Thread& thread);
/// The thread has no context any more.
void take_context(System& system, Thread& thread);
/// Without thread, notification and stack of replies.
void unbind_all(System& system, SchedContext& context);
/// Microseconds used since somebody asked; starts anew.
Word take_consumed(System& system, SchedContext& context);
void bind_context(System& system, SchedContext& context, Thread& thread);

} // namespace spec
