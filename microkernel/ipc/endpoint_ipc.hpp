// SPDX-License-Identifier: BSD-2-Clause
// Sending, receiving, and answering through endpoints.
#pragma once

#include <abi/paging_event.hpp>
#include <object/endpoint.hpp>
#include <object/reply.hpp>

namespace kernel {

enum class Blocking : bool { no, yes };

/// How a message is sent.
struct SendMode {
    bool is_call = false; ///< also a fault: it will await an answer
    Blocking blocking = Blocking::no;
    bool donates = false; ///< the sender's context goes to a receiver that has none
};

/// Whether the message left, so that the sender's system call may complete.
enum class Sent : bool { no, yes };

/// `sender`'s message (or pending fault) through `cap`, an endpoint with write, to whoever waits there; else the sender
/// queues, if it may block.
Sent send(Tcb& sender, const Capability& cap, SendMode mode);

/// `receiver` takes a signal of its bound notification, or a message from `endpoint`, or queues, if it may block; a
/// poll that finds nothing sees badge 0. `reply` (may be null) will answer a caller.
void receive(Tcb& receiver, Endpoint& endpoint, Blocking blocking, Reply* reply);

/// `replier`'s message answers the thread that waits on `reply`; nobody there: nothing happens.
void answer(Tcb& replier, Reply& reply, bool can_grant);

/// The thread that awaits an answer through `reply` executes its instruction again: a call or a fault. It gets the context
/// back that it passed on; the object is idle.
void recall(Reply& reply, abi::PagingCause cause = abi::PagingCause::recalled);

/// Ends whatever `thread` waits for and forgets a pending fault. It is stopped afterwards.
void cancel_ipc(Tcb& thread, abi::PagingCause cause = abi::PagingCause::ended);
/// Stops `thread`, whatever it does.
void suspend(Tcb& thread);
/// A stopped or blocked thread executes the instruction at its IP again.
void restart(Tcb& thread, abi::PagingCause cause = abi::PagingCause::resumed);

/// A thread queued on an endpoint sends or receives again from the start; a faulting one stops, unless a keeper was to
/// be told: such a fault ends only by an answer.
void send_again(Tcb& thread);
/// One thread queued on `endpoint` does so. For deletion, step by step; returns whether one was there.
bool release_one(Endpoint& endpoint);

} // namespace kernel
