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
