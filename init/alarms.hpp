// SPDX-License-Identifier: BSD-2-Clause
// One deadline for each place of the process table, and some of init's own. Pure; time comes from outside.
#pragma once

#include <sys/cap/object.hpp>

namespace init {

template <unsigned places>
class Alarms {
public:
    void set(unsigned place, sys::Word deadline) { deadlines_[place] = deadline; }
    void cancel(unsigned place) { deadlines_[place] = none; }
    bool any() const {
        for (const sys::Word deadline : deadlines_)
            if (deadline != none)
                return true;
        return false;
    }
    /// Calls `ring(place)` for each deadline that has come, earliest first, and forgets it. A place may be set again by it.
    template <class Ring>
    void run(sys::Word now, const Ring& ring) {
        for (unsigned rung = 0; rung < places; ++rung) {
            unsigned due = places;
            for (unsigned place = 0; place < places; ++place)
                if (deadlines_[place] <= now && (due == places || deadlines_[place] < deadlines_[due]))
                    due = place;
            if (due == places)
                return;
            deadlines_[due] = none;
            ring(due);
        }
    }
    Alarms() {
        for (sys::Word& deadline : deadlines_)
            deadline = none;
    }

private:
    static constexpr sys::Word none = ~sys::Word{0};
    sys::Word deadlines_[places];
};

} // namespace init
