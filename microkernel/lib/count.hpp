// SPDX-License-Identifier: BSD-2-Clause
// Counting kernels count what instruction counts hide; in others this costs nothing.
#pragma once

#include <config.hpp>
#include <system.hpp>

namespace kernel {

inline void count(Event event) {
    if constexpr (config::counting)
        ++kernel_state.events[static_cast<unsigned>(event)];
}

} // namespace kernel
