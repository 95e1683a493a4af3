// SPDX-License-Identifier: BSD-2-Clause
#include <abi/object.hpp>
#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/linker.hpp>
#include <check/panic_cause.hpp>
#include <lib/log.hpp>

#include <algorithm>

namespace kernel {

void log_cause(const Context& frame) {
    const Word address = x86::read_cr2();
    const bool hit_guard = std::ranges::any_of(x86::stacks, [&](const x86::StackSymbols& stack) {
        return align_down(address, Word{1} << abi::page_bits) == reinterpret_cast<Word>(stack.guard);
    });
    log("  The kernel has a bug: {}.", cause_of({frame.origin, frame.error_code, address, hit_guard}));
}

} // namespace kernel
