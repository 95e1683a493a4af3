// SPDX-License-Identifier: BSD-2-Clause
// Ending a program, with or without the help of whoever started it.
#include <sys/proc/exit.hpp>
#include <sys/raw/syscall.hpp>

namespace sys {

namespace {
ExitHook exit_hook = nullptr;
}

void set_exit_hook(ExitHook hook) { exit_hook = hook; }

void exit(int status) {
    if (exit_hook != nullptr)
        exit_hook(status);
    raw::trap();
}

} // namespace sys
