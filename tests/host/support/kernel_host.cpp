// SPDX-License-Identifier: BSD-2-Clause
#include <kernel_host.hpp>

#include <check/deliberate_bug.hpp>
#include <lib/assert.hpp>
#include <lib/log.hpp>

namespace kernel {

void log_text(Text text) { host_log.append(text.data(), text.size()); }

void panic(const char* reason) { throw KernelPanic(reason); }

void assertion_failed(const char* words, const char*, unsigned) { throw KernelPanic(words); }

/// The host has no machine to break: who asks for the one bug that it knows is told so.
Bug bug_named(Text name) { return name == "null" ? Bug::null : Bug::none; }
void commit(Bug bug, Word address) {
    if (bug != Bug::none)
        throw KernelPanic("a bug at " + std::to_string(address));
}

/// A machine that has been left executes nothing more.
void leave_machine(uint8_t code) { throw KernelPanic("left with code " + std::to_string(code)); }

} // namespace kernel
