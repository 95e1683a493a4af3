// SPDX-License-Identifier: BSD-2-Clause
// Sending to whatever a capability names: an endpoint, a notification, a reply object, or the kernel itself.
#pragma once

#include <ipc/endpoint_ipc.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// How a system call sends.
struct SendMode {
    bool is_call = false;
    Blocking blocking = Blocking::no;
    Donation donation = Donation::no;
    /// The first half of a call that then receives: some capabilities are refused, and errors vanish.
    bool first_half = false;
};

/// Sends `thread`'s message to what `pointer` names. The system call completes here, unless it blocks, faults, is
/// preempted, or `mode.first_half`.
/// Returns false if the system call must be executed again from the start.
bool invoke(Tcb& thread, Word pointer, const SendMode& mode);

} // namespace kernel
