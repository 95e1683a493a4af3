// SPDX-License-Identifier: BSD-2-Clause
// When a service is started again after its process has ended, and how long that waits. The table is that of systemd's
// manual page systemd.service(5), "Exit causes and the effect of the Restart= settings".
#pragma once

#include <optional>
#include <servers/eclipse-systemd/time.hpp>
#include <servers/eclipse-systemd/unit.hpp>
#include <stdint.h>

namespace systemd {

/// How a process ended, as far as a restart is concerned.
enum class ExitCause : uint8_t {
    success,   ///< status 0
    status,    ///< another status
    fault,     ///< an exception or a page fault that nobody answered; systemd's "unclean signal"
    killed,    ///< by somebody else; also an unclean signal
    timeout,   ///< not ready in time, and ended for that
    watchdog,  ///< silent for too long, and ended for that
    no_start,  ///< ended before it was ready, or no process could be made: a failure, and an abnormal one
};
inline constexpr size_t exit_cause_count = 7;

constexpr bool restarts(RestartPolicy policy, ExitCause cause) {
    switch (policy) {
    case RestartPolicy::no: return false;
    case RestartPolicy::always: return true;
    case RestartPolicy::on_success: return cause == ExitCause::success;
    case RestartPolicy::on_failure: return cause != ExitCause::success;
    case RestartPolicy::on_abnormal: return cause != ExitCause::success && cause != ExitCause::status;
    case RestartPolicy::on_watchdog: return cause == ExitCause::watchdog;
    case RestartPolicy::on_abort: return cause == ExitCause::fault || cause == ExitCause::killed;
    }
    return false;
}

/// Where RestartSec= does not fix the delay: the first restart comes quickly, each further one after twice the time.
inline constexpr Duration first_back_off = Duration::milliseconds(250);
inline constexpr Duration longest_back_off = Duration::seconds(8);
/// A process that was up this long was healthy: the back-off starts anew.
inline constexpr Duration healthy_run = Duration::seconds(2);

/// Delay of the restart that follows after `earlier` quick ones in a row.
constexpr Duration restart_delay(const std::optional<Duration>& fixed, unsigned earlier) {
    if (fixed)
        return *fixed;
    Duration delay = first_back_off;
    for (unsigned i = 0; i < earlier && delay < longest_back_off; ++i)
        delay = delay * 2;
    return shorter(delay, longest_back_off);
}

static_assert(restart_delay({}, 0) == Duration::milliseconds(250));
static_assert(restart_delay({}, 5) == Duration::seconds(8) && restart_delay({}, 1000) == Duration::seconds(8));

const char* describe(ExitCause cause);

} // namespace systemd
