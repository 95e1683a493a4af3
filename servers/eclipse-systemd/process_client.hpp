// SPDX-License-Identifier: BSD-2-Clause
// What PID 1 asks of init's process service: processes, their ends, alarms, the time.
#pragma once

#include <servers/eclipse-systemd/supervisor.hpp>
#include <sys/cap/endpoint.hpp>
#include <sys/cap/notification.hpp>
#include <sys/protocol/process.hpp>

namespace systemd {

/// How one process ended, for the supervisor and for people.
struct ProcessEnd {
    Pid pid = 0;
    ExitCause cause = ExitCause::success;
    Instant when;
    sys::protocol::process::NextExit::Reply details;
};

class ProcessClient {
public:
    /// Learns the frequency of the time-stamp counter.
    sys::Result<void> start();

    struct Identity {
        Pid pid = 0;
        Pid parent = 0;
    };
    sys::Result<Identity> who_am_i() const;

    /// Time since init started, without asking anybody.
    Instant now() const;

    /// Starts the unit's program. `unit_number` is whose the kept pages are. `environment` is ours, handed on before the unit's own; `manager` is the capability
    /// to us that it gets.
    sys::Result<Pid> spawn(const Unit& unit, uint16_t unit_number, const UnitStatus& status, char** environment,
                           sys::Endpoint manager) const;
    sys::Result<void> ask_to_end(Pid pid) const;
    sys::Result<void> kill(Pid pid) const;
    /// Comes back only with the reason why not.
    sys::Error power_off() const;
    /// The next ended child, if there is one.
    std::optional<ProcessEnd> next_end() const;
    sys::Result<void> watch_exits(sys::Notification signal) const;
    /// Signals `signal` at `when`; never: takes the alarm back.
    sys::Result<void> set_alarm(Instant when, sys::Notification signal) const;
    /// How many processes the process service lists, and whether `pid` is one of them.
    struct Census {
        size_t processes = 0;
        bool has_us = false;
    };
    sys::Result<Census> census(Pid us) const;

private:
    sys::Word ticks_at_start_ = 0;
    sys::Word microseconds_at_start_ = 0;
    sys::Word ticks_per_microsecond_ = 1;
};

} // namespace systemd
