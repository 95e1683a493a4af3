// SPDX-License-Identifier: BSD-2-Clause
// When a debug kernel checks its invariants: once it has started, at every so-manyth kernel entry, and whenever
// DebugSnapshot asks. A broken one is a panic.
#pragma once

#include <check/stretch.hpp>
#include <lib/text.hpp>

namespace kernel {

/// Boot option `check=off`: invariants are checked on demand only, for who counts on every microsecond.
void choose_checks(Text command_line);
/// All is set up, the root task is about to run: from here on invariants hold.
void begin_checks();
/// There is a check at the next kernel entry, and then at every so-manyth; 0: never.
void check_every(unsigned entries);
/// A kernel entry begins. A check counts as no stretch: interrupts do not wait for it in other kernels.
void watch_entry();
/// Checks, then as take_longest_stretch().
Word look_at_everything();

} // namespace kernel
