// SPDX-License-Identifier: BSD-2-Clause
// A sequence that goes wrong becomes a short one that goes wrong.
#pragma once

#include <lockstep/operation.hpp>

#include <string>

namespace lockstep {

/// What goes wrong when `sequence` is played; empty: nothing. `played`, if given: how many operations there were until then.
std::string play(const Sequence& sequence, size_t* played = nullptr);

/// A part of `sequence`, with simpler operations, in which something still goes wrong.
Sequence shrink(Sequence sequence);

} // namespace lockstep
