// SPDX-License-Identifier: BSD-2-Clause
// This CPU's GDT, TSS and IDT, and the registers that say how SYSCALL enters.
#pragma once

namespace kernel::x86 {

/// Loads GDT, TSS and IDT. From here on an exception is reported, not a reset.
void load_tables();

/// SYSCALL goes to trap/syscall_entry.S. After load_tables.
void enable_syscall();

/// From here on an entry from ring 3 clears AC. Writes kernel text: only before the final page tables are loaded.
void patch_clac();

} // namespace kernel::x86
