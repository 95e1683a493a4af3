// SPDX-License-Identifier: BSD-2-Clause
#include <kernel_host.hpp>

#include <arch/x86_64/io/serial.hpp>
#include <arch/x86_64/panic.hpp>
#include <lib/log.hpp>

namespace kernel {

void log_text(Text text) { host_log.append(text.data(), text.size()); }

void panic(const char* reason) { throw KernelPanic(reason); }

void assertion_failed(const char* words, const char*, unsigned) { throw KernelPanic(words); }

void panic_values(Text text, std::span<const Argument> values) {
    char reason[log_line_size];
    const size_t length = format_values(reason, text, values);
    throw KernelPanic(std::string(reason, length));
}

/// A machine that has been left executes nothing more.
void leave_machine(uint8_t code) { throw KernelPanic("left with code " + std::to_string(code)); }

void x86::serial_put(char c) { host_log.push_back(c); }

} // namespace kernel
