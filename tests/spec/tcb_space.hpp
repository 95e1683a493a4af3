// SPDX-License-Identifier: BSD-2-Clause
// The capabilities that a thread's world is made of.
#pragma once

#include <spec/invocation.hpp>

namespace spec {

/// A copy of what is in `source`: a null capability, an endpoint to send faults to, or a keeper table. Throws Refusal.
Capability check_handler(const Slot& source, Word number, bool may_be_table = false);
/// `cap`, from `source`, replaces the handler in `place`.
void install_handler(Invocation& invocation, Thread& thread, ThreadSlot place, const Capability& cap, Slot& source);

void configure_space(Invocation& invocation, Thread& thread);
void set_space(Invocation& invocation, Thread& thread);
void set_timeout_endpoint(Invocation& invocation, Thread& thread);
void set_ipc_buffer(Invocation& invocation, Thread& thread);

} // namespace spec
