// SPDX-License-Identifier: BSD-2-Clause
// The end of a program that found a bug in itself.
#pragma once

namespace sys {

/// The name that panic lines begin with; a program's main sets it from argv[0]. The text must live as long as the
/// program.
void set_program_name(const char* name);
const char* program_name();

/// Writes "PANIC: <program>: <reason>" to the kernel's debug output (a broken program trusts no server) and ends with
/// sys::panic_status.
[[noreturn]] void panic(const char* reason);

/// Stops the program with the sentence if the condition does not hold.
inline void require(bool condition, const char* sentence) {
    if (!condition)
        panic(sentence);
}

} // namespace sys
