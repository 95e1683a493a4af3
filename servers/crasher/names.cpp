// SPDX-License-Identifier: BSD-2-Clause
// The names of the misdeeds, as units write them.
#include <servers/crasher/faults.hpp>

namespace crasher {

namespace {

struct Named {
    const char* name;
    Misdeed misdeed;
    const char* description;
};

constexpr Named table[] = {
    {"null-read", Misdeed::null_read, "reading address 0"},
    {"kernel-read", Misdeed::kernel_read, "reading the kernel's half"},
    {"code-write", Misdeed::code_write, "writing to its own code"},
    {"privileged", Misdeed::privileged, "executing HLT"},
    {"undefined", Misdeed::undefined, "executing UD2"},
    {"divide", Misdeed::divide, "dividing by zero"},
    {"stack-overflow", Misdeed::stack_overflow, "overflowing its stack"},
    {"exit-status", Misdeed::exit_status, "ending with status 1"},
    {"reserved-bit", Misdeed::reserved_bit, "reading a page with a reserved bit in its entry"},
    {"kernel-null", Misdeed::kernel_null, "having the kernel read address 0"},
    {"kernel-execute", Misdeed::kernel_execute, "having the kernel execute this program"},
    {"kernel-touch", Misdeed::kernel_touch, "having the kernel read this program's memory"},
    {"kernel-reserved", Misdeed::kernel_reserved, "having the kernel read a page with a reserved bit in its entry"},
    {"kernel-stack", Misdeed::kernel_stack, "having the kernel overflow its stack"},
    {"kernel-gate", Misdeed::kernel_gate, "having the kernel close the gate of page faults"},
};

} // namespace

std::optional<Misdeed> misdeed_of(std::string_view name) {
    for (const Named& entry : table) {
        if (name == entry.name)
            return entry.misdeed;
    }
    return std::nullopt;
}

const char* describe(Misdeed misdeed) {
    for (const Named& entry : table) {
        if (entry.misdeed == misdeed)
            return entry.description;
    }
    return "?";
}

} // namespace crasher
