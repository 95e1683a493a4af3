// SPDX-License-Identifier: BSD-2-Clause
// server.restart: a service that faults in its first life and says when, and says in its second when it is ready.
#include <string_view>
#include <sys/proc/service.hpp>
#include <sys/raw/syscall.hpp>
#include <sys/util/log.hpp>

extern "C" int main(int, char**, char** environment) {
    bool first = false;
    for (; *environment != nullptr; ++environment)
        first = first || std::string_view(*environment) == "SERVICE_RESTARTS=0";
    if (first) {
        sys::log("BENCH server.down {}", sys::raw::read_time_stamp());
        sys::raw::trap();
    }
    const bool told = sys::service::report_ready().is_ok();
    sys::log("BENCH server.up {}", sys::raw::read_time_stamp());
    return told ? 0 : 1;
}
