// SPDX-License-Identifier: BSD-2-Clause
#include <lib/assert.hpp>

#include <arch/x86_64/panic.hpp>

namespace kernel {

void assertion_failed(const char* words, const char* file, unsigned line) {
    panic_formatted("{} ({}:{})", words, file, line);
}

} // namespace kernel

/// libstdc++'s own checks (span and array indices), with -D_GLIBCXX_ASSERTIONS.
namespace std {
[[noreturn]] void __glibcxx_assert_fail(const char* file, int line, const char*, const char* condition) noexcept {
    kernel::assertion_failed(condition, file, static_cast<unsigned>(line));
}
} // namespace std
