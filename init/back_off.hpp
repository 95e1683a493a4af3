// SPDX-License-Identifier: BSD-2-Clause
// How long to wait before something that died is started again: 250 ms, doubling to 8 s; back to the start after a healthy
// run of 2 s. Pure.
#pragma once

#include <sys/cap/object.hpp>

namespace init {

class BackOff {
public:
    static constexpr sys::Word first_delay = 250'000; ///< microseconds, as all here
    static constexpr sys::Word longest_delay = 8'000'000;
    static constexpr sys::Word healthy_run = 2'000'000;

    /// It died after running for `ran_for`: the delay until the next start.
    constexpr sys::Word died(sys::Word ran_for) {
        if (ran_for >= healthy_run)
            *this = BackOff();
        const sys::Word delay = next_;
        next_ = next_ * 2 < longest_delay ? next_ * 2 : longest_delay;
        ++failures_;
        return delay;
    }
    /// Deaths in a row without a healthy run between them.
    constexpr unsigned failures() const { return failures_; }

private:
    sys::Word next_ = first_delay;
    unsigned failures_ = 0;
};

} // namespace init
