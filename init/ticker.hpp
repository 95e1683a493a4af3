// SPDX-License-Identifier: BSD-2-Clause
// A thread of init that signals it every 10 ms while alarms are pending, by a scheduling context with that period.
#pragma once

#include <init/own_memory.hpp>
#include <init/process_objects.hpp>
#include <init/space_builder.hpp>

namespace init {

class Ticker {
public:
    /// `signal` is what the thread signals; its badge says that it was the ticker.
    static Result<void> start(OwnMemory& memory, SpaceBuilder& own_space, const Services& services,
                              sys::Notification signal);
    /// Whether it shall tick.
    static void set_running(bool running);
};

} // namespace init
