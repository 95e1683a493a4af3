// SPDX-License-Identifier: BSD-2-Clause
// What both kinds of start-up code do before main.
#pragma once

namespace sys::start {

/// Runs the constructors of global objects.
void run_constructors();

/// The exit hook of a process: tells the process service, which ends the process without an answer.
void exit_process(int status);

} // namespace sys::start
