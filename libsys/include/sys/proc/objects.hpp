// SPDX-License-Identifier: BSD-2-Clause
// A process's own kernel objects and slots. Both grow by themselves, from untyped memory that init gives within the quota of the
// unit (UntypedQuota=); all of it goes back when the process ends.
//
//     auto done = TRY(sys::objects().make<sys::Notification>());      // Made<Notification>
//     auto badged = TRY(sys::mint_cap(sys::own_space(), done.get(), abi::Rights::write(), sys::Badge{1}));  // Cap<Notification>
//
// Errors: process::Error::quota_exceeded, process::Error::out_of_memory, ErrorCode::out_of_slots. The program goes on with what it
// has. A copy of a process (process::Fork) has none of its parent's objects and must not use these two.
#pragma once

#include <sys/cap/cap.hpp>
#include <sys/mem/object_allocator.hpp>

namespace sys {

/// Objects with memory of the process's own.
ObjectAllocator& objects();
/// Slots of the process's own, from slot::first_allocated on.
CSpace& own_space();

} // namespace sys
