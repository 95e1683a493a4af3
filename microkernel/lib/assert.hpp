// SPDX-License-Identifier: BSD-2-Clause
// Invariants, in words. A broken one is a bug of the kernel: it panics. What callers do wrong is a Result instead.
#pragma once

#include <config.hpp>

namespace kernel {

/// Stops the machine: prints `KERNEL PANIC: <reason>`, where it came about, and a backtrace. In host tests it throws.
[[noreturn]] void panic(const char* reason);

[[noreturn]] void assertion_failed(const char* words, const char* file, unsigned line);

} // namespace kernel

/// `words` say what always holds. Not in release kernels.
#define ASSERT(condition, words)                                                                                       \
    do {                                                                                                               \
        if (::kernel::config::asserts && !(condition)) [[unlikely]]                                                    \
            ::kernel::assertion_failed(words, __FILE_NAME__, __LINE__);                                                \
    } while (false)
