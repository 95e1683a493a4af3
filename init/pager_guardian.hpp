// SPDX-License-Identifier: BSD-2-Clause
// A thread of init that starts the pager again when it has died. It needs no memory but its own, and never calls the pager: the
// rest of init may be waiting for an answer at that moment.
#pragma once

#include <init/pager_image.hpp>
#include <init/pager_steps.hpp>
#include <init/process_objects.hpp>
#include <init/space_builder.hpp>

namespace init {

class PagerGuardian {
public:
    /// `steps`: null, or those at which it has to die. `endpoint`: where the pager's faults arrive, and requests to kill it.
    static Result<void> start(OwnMemory& memory, SpaceBuilder& own_space, const Services& services, PagerImage& image,
                              PagerSteps* steps, sys::Endpoint endpoint);
    /// Kills the pager `kills` times, each time at a random instruction; the same ones for the same seed under a
    /// deterministic clock.
    static Result<void> start_killer(OwnMemory& memory, SpaceBuilder& own_space, const Services& services,
                                     sys::Endpoint endpoint, Word seed, Word kills);
};

} // namespace init
