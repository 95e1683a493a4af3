// SPDX-License-Identifier: BSD-2-Clause
// What never changes once the kernel has started: descriptor tables, control and model-specific registers, the kernel's
// text, and half of the kernel stack, which is never used.
#pragma once

#include <check/sound.hpp>
#include <mem/address.hpp>

#include <span>

namespace kernel {

struct MachineRecord {
    PhysRange text;
    std::span<Word> unused_stack;
    Word fingerprint = 0;
};

/// As remember_machine() found it.
const MachineRecord& machine_record();
/// Once all is set up. `unused_stack` is painted.
void remember_machine(PhysRange text, std::span<Word> unused_stack);
/// It is still so.
Sound check_machine();

} // namespace kernel
