// SPDX-License-Identifier: BSD-2-Clause
// The end of a kernel with a bug: what happened, where, how it got there; then the emulator's debug exit, and halt.
#pragma once

#include <arch/x86_64/trap/frame.hpp>
#include <lib/assert.hpp>
#include <lib/format.hpp>

namespace kernel {

/// What the debug-exit device (port 0xf4) is told by a panic: QEMU ends with status 127.
inline constexpr uint8_t panic_exit_code = 0x3f;

/// Ends the emulation with `code`, where there is such a device; stops the CPU for good where there is none.
[[noreturn]] void leave_machine(uint8_t code);

[[noreturn]] void panic_values(Text text, std::span<const Argument> values);

template <class... Values>
[[noreturn]] void panic_formatted(Text text, const Values&... values) {
    const Argument arguments[sizeof...(Values) + 1] = {Argument(values)..., Argument(0)};
    panic_values(text, std::span(arguments, sizeof...(Values)));
}

namespace x86 {

// Called by trap/entry.S.
extern "C" [[noreturn]] void kernel_exception(const KernelFrame* frame);
extern "C" void non_maskable_interrupt(Word rip, Word cs);

} // namespace x86

} // namespace kernel
