// SPDX-License-Identifier: BSD-2-Clause
// How a program ends.
#pragma once

namespace sys {

/// Tells whoever started the program that it is over. A hook that returns leaves the ending to `exit`.
using ExitHook = void (*)(int status);

/// Replaces the hook; the start-up code sets the one that fits the program (process or root task).
void set_exit_hook(ExitHook hook);

/// Ends the program: runs the hook; if that comes back (or there is none), the thread stops at an illegal instruction.
[[noreturn]] void exit(int status);

/// Status of a program that ended itself because of a bug of its own.
inline constexpr int panic_status = 134;

} // namespace sys
