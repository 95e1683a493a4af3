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

namespace test {

/// Why `action` panics; empty if it does not.
template <class Action>
std::string complaint_of(Action action) {
    try {
        action();
        return {};
    } catch (const kernel::KernelPanic& panic) {
        return panic.what();
    }
}

} // namespace test
