// SPDX-License-Identifier: BSD-2-Clause
// Bugs on request, in debug kernels: boot option `bug=NAME`, so that tests see what the kernel does about real ones.
#pragma once

#include <lib/text.hpp>

namespace kernel {

/// null: reads address 0. text: writes kernel code. alias: reads the kernel image through the physical window.
/// user: executes at a user address. stack: recursion without end. assert: a broken invariant.
/// Returns if `command_line` names none of these.
void commit_deliberate_bug(Text command_line);

} // namespace kernel
