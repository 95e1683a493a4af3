// SPDX-License-Identifier: BSD-2-Clause
// How the kernel got where it is, for panics: one line per return address, with the function's name.
// Debug kernels follow frame pointers; the others have none and show every address on the stack that follows a call.
#pragma once

#include <mem/address.hpp>

namespace kernel::x86 {

void log_symbol(Word address);

/// From the function whose frame pointer this is.
void log_backtrace(Word frame_pointer);

/// From the registers of an exception.
void log_backtrace_of(Word frame_pointer, Word stack_pointer);

} // namespace kernel::x86
