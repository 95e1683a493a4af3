// SPDX-License-Identifier: BSD-2-Clause
// Counting kernels count what instruction counts hide; debug kernels watch how long interrupts are off, and check their
// invariants. In others this costs nothing.
#pragma once

#include <check/watch.hpp>
#include <config.hpp>
#include <system.hpp>

namespace kernel {

inline void count(Event event) {
    if constexpr (config::counting)
        ++kernel_state.events[static_cast<unsigned>(event)];
}

/// A kernel entry begins.
inline void enter() {
    count(Event::kernel_entry);
    if constexpr (config::debug)
        watch_entry();
}
/// It ends.
inline void leave() {
    if constexpr (config::debug)
        end_stretch();
}
/// Interrupts that wait are taken, and only noted.
inline void let_interrupts_in() {
    leave();
    x86::interrupt_window();
    if constexpr (config::debug)
        begin_stretch();
}

} // namespace kernel
