// SPDX-License-Identifier: BSD-2-Clause
// Reply objects: each serves one thread, and may be a place in the stack of callers that a scheduling context went through.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// `caller`'s message was taken by `server`, who answers through `reply`. `donate`: the caller's context goes to a server
/// that has none.
void await_reply(System& system, Thread& caller, Thread& server, Reply& reply, bool donate);
/// No thread is linked to `reply` any more; it is in no stack.
void unlink(Reply& reply);
/// The caller that waits on `reply` waits no longer; the context stays where it is, its stack breaks here.
void abandon(Reply& reply);
/// The caller waits no longer: at the top of the stack its context returns to it, elsewhere the stack breaks.
void resolve(System& system, Reply& reply);
/// `replier` answers through `reply`; if nobody waits there, nothing happens.
void answer_caller(System& system, Thread& replier, Reply& reply, bool grant);
/// The caller that waits for the answer makes its call, or executes its faulting instruction, again.
void recall(System& system, Reply& reply);
/// The last capability to `reply` goes.
void destroy_reply(System& system, Reply& reply);

} // namespace spec
