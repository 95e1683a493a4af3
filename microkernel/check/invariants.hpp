// SPDX-License-Identifier: BSD-2-Clause
// What always holds between two kernel entries, in one place: for host tests after every operation, and for debug
// kernels on demand. Only looks, changes nothing.
#pragma once

#include <cap/slot.hpp>

namespace kernel {

struct Tcb;
struct SchedContext;
class Endpoint;
struct Notification;
class Reply;

/// Words for the first invariant found broken, starting from the capabilities in `root`, a CNode, and the lists of
/// derived capabilities that begin there; null if all hold.
const char* broken_invariant(const Capability& root);

// The parts, for one object each.
const char* broken_slot(const Slot& slot);
const char* broken_thread(Tcb& thread);
const char* broken_context(SchedContext& context);
const char* broken_endpoint(const Endpoint& endpoint);
const char* broken_notification(const Notification& notification);
const char* broken_reply(const Reply& reply);
/// Ready queues, release queue, the running thread.
const char* broken_scheduler();

} // namespace kernel
