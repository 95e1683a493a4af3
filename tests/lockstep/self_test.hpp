// SPDX-License-Identifier: BSD-2-Clause
// Is a difference found, and shrunk to what makes it? A bit of the kernel's memory changes amid a random sequence.
#pragma once

#include <cstdint>

namespace lockstep {

/// Prints what was not found; true if everything was.
bool self_test(uint64_t seed);

} // namespace lockstep
