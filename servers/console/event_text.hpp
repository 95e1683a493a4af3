// SPDX-License-Identifier: BSD-2-Clause
// Paging events, table entries, threads and capabilities in words. Pure.
#pragma once

#include <abi/paging.hpp>
#include <sys/pager/table_entry.hpp>
#include <sys/protocol/inspection.hpp>
#include <sys/util/format.hpp>
#include <sys/util/paging_event.hpp>

namespace console {

/// What happened: "read 0x0 at ip 0x400746: nothing is there".
void describe_event(sys::TextBuffer& out, const sys::PagingEventView& event);
/// An entry of a page table of `level` (4 PML4 to 1 page table).
void describe_entry(sys::TextBuffer& out, sys::pager::TableEntry entry, unsigned level);
/// What the thread does, or waits for.
void describe_thread(sys::TextBuffer& out, const sys::protocol::process::Threads::Thread& thread);
/// Type, rights, size and where it is mapped.
void describe_capability(sys::TextBuffer& out, const sys::protocol::process::Capabilities::Held& held);

} // namespace console
