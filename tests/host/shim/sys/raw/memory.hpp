// SPDX-License-Identifier: BSD-2-Clause
// Host stand-in for libsys' raw/memory.hpp: addresses of the simulated space lead to simulated memory.
#pragma once

#include <sys/raw/syscall.hpp>

namespace sys::raw {

inline void* memory(Word address) {
    void* const found = host::kernel != nullptr ? host::kernel->memory(address) : nullptr;
    if (found == nullptr)
        throw host::Trapped();
    return found;
}

} // namespace sys::raw
