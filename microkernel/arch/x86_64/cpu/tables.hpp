// SPDX-License-Identifier: BSD-2-Clause
// This CPU's GDT, TSS and IDT, and the registers that say how SYSCALL enters.
#pragma once

namespace kernel::x86 {

/// Loads GDT, TSS and IDT. From here on an exception is reported, not a reset.
void load_tables();

/// SYSCALL goes to trap/syscall_entry.S. After load_tables.
void enable_syscall();

// The next two write kernel text: only before the final page tables are loaded.

/// From here on an entry from ring 3 clears AC.
void patch_clac();
/// From here on entries and exits are those of trap/isolated_entry.S.
void isolate_entries();

} // namespace kernel::x86
