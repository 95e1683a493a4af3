// SPDX-License-Identifier: BSD-2-Clause
// The capabilities that a thread's world is made of.
#pragma once

#include <spec/invocation.hpp>

#include <initializer_list>

namespace spec {

/// A copy of what is in `source`: a null capability, an endpoint to send faults to, or a keeper table. Throws Refusal.
Capability check_handler(const Slot& source, Word number, bool may_be_table = false);
/// `cap`, from `source`, replaces the handler in `place`.
void install_handler(Invocation& invocation, Thread& thread, ThreadSlot place, const Capability& cap, Slot& source);

/// A capability that shall go into a TCB, and where it comes from.
struct Installation {
    ThreadSlot place;
    Capability cap; ///< null: the place is emptied
    Slot* source;
};
/// First all the old ones go. That may take a source, or the thread itself, as well: then the call is made again.
void exchange(Invocation& invocation, Thread& thread, std::initializer_list<Installation> installations);
/// Copies as they shall be put into the TCB; a datum of 0 leaves the guard as it is. Throw Refusal.
Capability check_cspace(const Slot& source, Word datum);
Capability check_vspace(const Slot& source, Word datum);
/// The frame of an IPC buffer at this address of the thread's; null for address 0.
Capability check_buffer(const Slot& source, Word address);

void configure_space(Invocation& invocation, Thread& thread);
void set_space(Invocation& invocation, Thread& thread);
void set_timeout_endpoint(Invocation& invocation, Thread& thread);
void set_ipc_buffer(Invocation& invocation, Thread& thread);
/// All of it at once, and the thread runs (spawn.cpp).
void spawn(Invocation& invocation, Thread& thread);

} // namespace spec
