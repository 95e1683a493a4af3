// SPDX-License-Identifier: BSD-2-Clause
// Plays a sequence that is there already.
#pragma once

#include <lockstep/operation.hpp>

#include <string>

namespace lockstep {

/// What goes wrong when `sequence` is played; empty: nothing. `played`, if given, counts its operations as they are over.
std::string play(const Sequence& sequence, size_t* played = nullptr);

/// The same in a process of its own, so that a crash, or an operation that never ends, is an answer too. What the process
/// says on stderr (sanitizers do) is lost if it is `quiet`.
std::string play_apart(const Sequence& sequence, bool quiet, size_t* played = nullptr);

} // namespace lockstep
