// SPDX-License-Identifier: BSD-2-Clause
// Debug kernels: the longest stretch of the kernel with interrupts off, in ticks of the time-stamp counter. Under the
// deterministic clock that is instructions, less the few of the entry stubs.
#pragma once

#include <mem/address.hpp>

namespace kernel {

/// A kernel entry begins, or interrupts were let in.
void begin_stretch();
/// Interrupts are let in, or the entry ends.
void end_stretch();
/// The longest so far; starts anew.
Word take_longest_stretch();

} // namespace kernel
