// SPDX-License-Identifier: BSD-2-Clause
// A thread's registers by number, as ReadRegisters, WriteRegisters and CopyRegisters count them.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

Word read_register(const Tcb& thread, unsigned number);
/// The value is made safe, not refused.
void write_register(Tcb& thread, unsigned number, Word value);
/// Brackets around writes: the loaded thread's live registers first come into its TCB, and are loaded anew later.
void begin_register_write(Tcb& thread);

} // namespace kernel
