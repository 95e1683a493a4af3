// SPDX-License-Identifier: BSD-2-Clause
// A sequence that goes wrong becomes a short one that goes wrong.
#pragma once

#include <lockstep/operation.hpp>

namespace lockstep {

/// A part of `sequence`, with simpler operations, in which something still goes wrong.
Sequence shrink(Sequence sequence);

} // namespace lockstep
