// SPDX-License-Identifier: BSD-2-Clause
// What the kernel's core finds in place of the machine it ends on: its log is collected, a panic is an exception.
#pragma once

#include <stdexcept>
#include <string>

namespace kernel {

/// Everything that kernel code has logged; a test clears it.
inline std::string host_log;

/// Thrown by panic() and by a failed ASSERT.
struct KernelPanic : std::runtime_error {
    using std::runtime_error::runtime_error;
};

} // namespace kernel
