// SPDX-License-Identifier: BSD-2-Clause
// Ways to go wrong on purpose, by name.
#pragma once

#include <optional>
#include <string_view>

namespace crasher {

enum class Misdeed {
    null_read,      ///< reads address 0
    kernel_read,    ///< reads an address of the kernel's half
    code_write,     ///< writes to its own code
    privileged,     ///< HLT in ring 3
    undefined,      ///< UD2
    divide,         ///< divides by zero
    stack_overflow, ///< runs through its guard page
    exit_status,    ///< no fault: ends with status 1
    // Of a debug kernel, by DebugProvoke; others know no such call, which ends the process.
    reserved_bit,    ///< reads a page whose entry got a bit that must be 0
    kernel_null,     ///< the kernel reads address 0
    kernel_execute,  ///< the kernel executes the program's code
    kernel_touch,    ///< the kernel reads the program's memory
    kernel_reserved, ///< as reserved_bit, but the kernel reads
    kernel_stack,    ///< the kernel's stack overflows
    kernel_gate,     ///< the CPU cannot deliver a page fault
};

std::optional<Misdeed> misdeed_of(std::string_view name);
const char* describe(Misdeed misdeed);

/// Does it. Comes back only if the machine let it pass, which is a finding.
void commit(Misdeed misdeed);

} // namespace crasher
