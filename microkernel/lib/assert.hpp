// SPDX-License-Identifier: BSD-2-Clause
// Invariants, in words. A broken one is a bug of the kernel: it panics. What callers do wrong is a Result instead; what
// boot loader and firmware did wrong ends the boot, each case with a sentence of its own.
#pragma once

#include <config.hpp>

#include <cstdint>

namespace kernel {

/// Stops the machine: prints `KERNEL PANIC: <reason>`, where it came about, and a backtrace. In host tests it throws.
[[noreturn]] void panic(const char* reason);

/// What foreign data must fulfil while the kernel starts. `complaint`: a sentence without a full stop.
inline void require(bool fulfilled, const char* complaint) {
    if (!fulfilled) [[unlikely]]
        panic(complaint);
}

/// Ends the emulation with `code`, where there is such a device; stops the CPU for good where there is none.
[[noreturn]] void leave_machine(uint8_t code);

[[noreturn]] void assertion_failed(const char* words, const char* file, unsigned line);

} // namespace kernel

/// `words` say what always holds. Not in release kernels.
#define ASSERT(condition, words)                                                                                       \
    do {                                                                                                               \
        if (::kernel::config::asserts && !(condition)) [[unlikely]]                                                    \
            ::kernel::assertion_failed(words, __FILE_NAME__, __LINE__);                                                \
    } while (false)
