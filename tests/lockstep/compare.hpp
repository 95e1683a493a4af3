// SPDX-License-Identifier: BSD-2-Clause
// Holds the kernel's memory against the specification's state.
#pragma once

#include <spec/system.hpp>

#include <stdexcept>

namespace lockstep {

/// Kernel and specification do not agree.
struct Divergence : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Who runs, until when at most, and that thread and its IPC buffer; the same for the thread at `caller`, if it is still
/// there. Throws Divergence, as the others do.
void compare_running(const spec::System& system, spec::Word caller);
/// Every object, slot and queue, the derivation tree's order, the IPC buffers.
void compare(const spec::System& system);
/// What costs more: ancestors in the derivation tree, page tables, all of the memory of frames.
void compare_thoroughly(const spec::System& system);
/// A table's entries; every page of every address space, and what is next to it.
void compare_table(const spec::Table& table);
void compare_spaces(const spec::System& system);

} // namespace lockstep
