// SPDX-License-Identifier: BSD-2-Clause
// Registers that somebody else writes: "made safe, not refused".
#pragma once

#include <spec/objects.hpp>

namespace spec {

inline void write_register(Thread& thread, Register which, Word value) {
    switch (which) {
    case rip: value = safe_ip(value); break;
    case rflags: value = safe_flags(value); break;
    case fs_base:
    case gs_base: value = safe_address(value); break;
    default: break;
    }
    thread.registers[which] = value;
}

} // namespace spec
