// SPDX-License-Identifier: BSD-2-Clause
// Time since init started, from the time-stamp counter.
#pragma once

#include <sys/error.hpp>
#include <sys/raw/syscall.hpp>

namespace init {

class Clock {
public:
    explicit Clock(sys::Word tsc_mhz) : mhz_(tsc_mhz == 0 ? 1 : tsc_mhz), start_(sys::raw::read_time_stamp()) {}
    /// Microseconds.
    sys::Word now() const { return (sys::raw::read_time_stamp() - start_) / mhz_; }
    /// Of a reading of the time-stamp counter; 0 if that was before.
    sys::Word time_of(sys::Word stamp) const { return stamp < start_ ? 0 : (stamp - start_) / mhz_; }
    sys::Word mhz() const { return mhz_; }

private:
    sys::Word mhz_;
    sys::Word start_;
};

} // namespace init
