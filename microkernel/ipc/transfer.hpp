// SPDX-License-Identifier: BSD-2-Clause
// Moves one message from thread to thread: words, and capabilities where the sender may grant.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

/// What travels along: where from, under which badge, and whether capabilities may.
struct TransferTerms {
    const Endpoint* endpoint = nullptr; ///< a capability to this very endpoint travels as its badge
    Word badge = 0;
    bool can_grant = false;
};

/// `sender`'s message, or its pending fault, into `receiver`'s registers and IPC buffer. Neither thread's state changes.
void transfer(Tcb& sender, const TransferTerms& terms, Tcb& receiver);

/// The capability that a copy of `source` would be: RevokeFirst for untyped memory with children, IllegalOperation for
/// what cannot be copied. Null capabilities stay null.
Answer<Capability> derive(Slot& source);

/// Copying untyped memory: no room is left in the source while the copy exists.
void settle_source(Slot& source, const Capability& derived);

} // namespace kernel
