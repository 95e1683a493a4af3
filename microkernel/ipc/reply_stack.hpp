// SPDX-License-Identifier: BSD-2-Clause
// Reply objects at work: linking callers, and the stack of callers that a scheduling context went through.
#pragma once

#include <object/reply.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// `caller`'s message was taken by `callee`, which will answer through `reply`, an idle object. With `can_donate` the
/// caller's context goes along if the callee has none.
void push_reply(Tcb& caller, Tcb& callee, Reply& reply, bool can_donate);
/// The caller waiting on `reply` is being answered, or will never be: it gets its context back if it is the top of the
/// stack; in the middle the stack breaks there. The object is idle afterwards.
void pop_reply(Reply& reply);
/// The caller waiting on `reply` goes away: the stack breaks, the context stays where it is. The object is idle.
void break_reply(Reply& reply);
/// `receiver` no longer offers `reply`.
inline void withdraw_reply(Tcb& receiver, Reply& reply) {
    receiver.reply = nullptr;
    reply.thread = nullptr; // it is in no stack
}

} // namespace kernel
