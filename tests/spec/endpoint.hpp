// SPDX-License-Identifier: BSD-2-Clause
// Endpoints: where senders and receivers of messages meet.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// `sender` sends the message in its registers, or its fault. `donate`: its context goes with it to a receiver that has none.
void send(System& system, Thread& sender, Endpoint& endpoint, const Sending& how, bool blocking, bool donate);
/// `receiver` receives, offering `reply` (null: none). Completes its call, or blocks it.
void receive(System& system, Thread& receiver, Endpoint& endpoint, Reply* reply, bool blocking);

/// Every thread queued to send with this badge sends again from the start; with a fault it stops.
void cancel_badged_sends(System& system, Endpoint& endpoint, Word badge);
/// All queued threads send or receive again; faulting ones stop.
void cancel_all(System& system, Endpoint& endpoint);

} // namespace spec
