// SPDX-License-Identifier: BSD-2-Clause
// The event side of the supervisor: processes begin, report, fall silent and end.
#include <servers/eclipse-systemd/supervisor.hpp>

namespace systemd {

void Supervisor::spawned(UnitIndex unit, Pid pid, Instant now) {
    UnitStatus& status = at(unit);
    status.pid = pid;
    if (status.state != UnitState::activating) { // stopped in the meantime
        status.stop_wanted = status.state != UnitState::failed;
        status.state = UnitState::deactivating;
        status.asked_to_end = true; // it has done nothing yet
        say({.kind = ActionKind::kill, .unit = unit, .pid = pid});
        return;
    }
    const ServiceType type = units_[unit].service.type;
    if (type == ServiceType::simple || type == ServiceType::idle)
        become_active(unit, now);
    advance(now);
}

void Supervisor::spawn_refused(UnitIndex unit, Instant now) {
    if (at(unit).state == UnitState::activating)
        ended(unit, ExitCause::no_start, now, now);
}

bool Supervisor::ready(UnitIndex unit, uint32_t incarnation, Instant now) {
    UnitStatus& status = at(unit);
    if (status.incarnation != incarnation || status.pid == 0)
        return false;
    const bool waited_for = status.state == UnitState::activating && units_[unit].service.type == ServiceType::notify;
    if (waited_for && status.ended_by_us == ExitCause::success)
        become_active(unit, now);
    advance(now);
    return true;
}

bool Supervisor::alive(UnitIndex unit, uint32_t incarnation, Instant now) {
    UnitStatus& status = at(unit);
    if (status.incarnation != incarnation || status.pid == 0)
        return false;
    const bool watched = status.state == UnitState::active && status.ended_by_us == ExitCause::success;
    if (watched)
        status.deadline = now + units_[unit].service.watchdog;
    return true;
}

bool Supervisor::main_process(UnitIndex unit, uint32_t incarnation, Pid pid) {
    UnitStatus& status = at(unit);
    if (status.incarnation != incarnation || status.pid == 0)
        return false;
    for (const UnitIndex other : all())
        if (other != unit && pid != 0 && (at(other).pid == pid || at(other).named_main == pid))
            return false;
    status.named_main = pid;
    return true;
}

bool Supervisor::died(Pid pid, ExitCause cause, Instant when) {
    if (pid == 0)
        return false;
    for (const UnitIndex unit : all()) {
        UnitStatus& status = at(unit);
        if (status.pid != pid) {
            if (status.named_main == pid)
                status.named_main = 0;
            continue;
        }
        say({.kind = ActionKind::terminated, .unit = unit, .pid = pid, .cause = cause_of(unit, cause)});
        status.pid = 0;
        ended(unit, cause_of(unit, cause), when, when);
        return true;
    }
    return false;
}

/// What the end means for this unit: we may have ended the process ourselves, and a clean end may come too early.
ExitCause Supervisor::cause_of(UnitIndex unit, ExitCause reported) const {
    const UnitStatus& status = at(unit);
    if (status.ended_by_us != ExitCause::success)
        return status.ended_by_us;
    if (status.state != UnitState::activating || reported != ExitCause::success)
        return reported;
    switch (units_[unit].service.type) {
    case ServiceType::notify: return ExitCause::no_start;
    case ServiceType::forking: return status.named_main != 0 ? reported : ExitCause::no_start;
    case ServiceType::simple:
    case ServiceType::idle:
    case ServiceType::oneshot: return reported;
    }
    return reported;
}

/// A process of `unit` is gone, or none could be made.
void Supervisor::ended(UnitIndex unit, ExitCause cause, Instant when, Instant now) {
    UnitStatus& status = at(unit);
    const ServicePart& service = units_[unit].service;
    const UnitState before = status.state;
    status.deadline = Instant::never();
    if (before == UnitState::deactivating) {
        status.state = status.stop_wanted ? UnitState::inactive : UnitState::failed;
        status.succeeded = false;
        advance(now);
        return;
    }
    if (before == UnitState::activating && cause == ExitCause::success && service.type == ServiceType::forking) {
        status.pid = status.named_main;
        become_active(unit, now);
        advance(now);
        return;
    }
    if (before == UnitState::activating && cause == ExitCause::success) { // oneshot: its work is done
        status.was_ready = true;
        status.succeeded = true;
        status.state = service.remain_after_exit ? UnitState::exited : UnitState::inactive;
        say({.kind = ActionKind::started, .unit = unit});
        advance(now);
        return;
    }
    const Duration up = before == UnitState::active ? when - status.active_since : Duration{};
    if (up >= healthy_run)
        status.quick_ends = 0;
    if (up >= units_[unit].start_limit_interval)
        status.attempts = 0;
    if (restarts(service.restart, cause)) {
        restart_later(unit, when);
    } else if (cause == ExitCause::success) {
        status.succeeded = true;
        status.state = service.remain_after_exit ? UnitState::exited : UnitState::inactive;
    } else {
        say({.kind = ActionKind::failed, .unit = unit, .cause = cause});
        fail(unit);
    }
    advance(now);
}

void Supervisor::restart_later(UnitIndex unit, Instant when) {
    UnitStatus& status = at(unit);
    const unsigned limit = units_[unit].start_limit;
    if (status.attempts >= limit) {
        say({.kind = ActionKind::gave_up, .unit = unit, .limit = limit});
        fail(unit);
        return;
    }
    status.state = UnitState::restarting;
    status.deadline = when + restart_delay(units_[unit].service.restart_delay, status.quick_ends++);
    ++status.attempts;
    ++status.restarts;
}

/// The unit has failed for good. What requires it goes down with it.
void Supervisor::fail(UnitIndex unit) {
    at(unit).state = UnitState::failed;
    at(unit).succeeded = false;
    at(unit).deadline = Instant::never();
    drop_dependants(unit);
}

/// Down the chain of Requires=, each unit once. Queued ones fail when advance() comes to them.
void Supervisor::drop_dependants(UnitIndex culprit) {
    List<UnitIndex, max_units> culprits;
    UnitSet seen = UnitSet::of(culprit);
    static_cast<void>(culprits.push(culprit));
    for (size_t i = 0; i < culprits.size(); ++i) {
        for (const UnitIndex unit : graph_.dependants(culprits[i]) - seen) {
            const UnitState state = at(unit).state;
            const bool up = state == UnitState::active || state == UnitState::activating ||
                            state == UnitState::exited || state == UnitState::restarting;
            if (!up)
                continue;
            seen.add(unit);
            say({.kind = ActionKind::dependency_failed, .unit = unit, .other = culprits[i]});
            stop_one(unit, false);
            static_cast<void>(culprits.push(unit)); // each unit once
        }
    }
}

void Supervisor::tick(Instant now) {
    for (const UnitIndex unit : all()) {
        UnitStatus& status = at(unit);
        if (status.deadline > now)
            continue;
        status.deadline = Instant::never();
        const bool starting = status.state == UnitState::activating;
        if (status.state == UnitState::restarting) {
            say({.kind = ActionKind::restarting,
                 .unit = unit,
                 .attempt = status.attempts,
                 .limit = units_[unit].start_limit});
            begin(unit, now);
        } else if (status.state == UnitState::deactivating) {
            say({.kind = ActionKind::stop_timed_out, .unit = unit});
            say({.kind = ActionKind::kill, .unit = unit, .pid = status.pid});
        } else if ((starting || status.state == UnitState::active) && status.pid != 0) {
            status.ended_by_us = starting ? ExitCause::timeout : ExitCause::watchdog;
            say({.kind = starting ? ActionKind::start_timed_out : ActionKind::watchdog_expired, .unit = unit});
            say({.kind = ActionKind::kill, .unit = unit, .pid = status.pid});
        }
    }
    advance(now);
}

const char* describe(UnitState state) {
    switch (state) {
    case UnitState::inactive: return "inactive";
    case UnitState::queued: return "queued";
    case UnitState::activating: return "activating";
    case UnitState::active: return "active";
    case UnitState::exited: return "exited";
    case UnitState::restarting: return "restarting";
    case UnitState::deactivating: return "deactivating";
    case UnitState::failed: return "failed";
    }
    return "?";
}

const char* describe(ExitCause cause) {
    switch (cause) {
    case ExitCause::success: return "status 0";
    case ExitCause::status: return "a failure status";
    case ExitCause::fault: return "a fault";
    case ExitCause::killed: return "being killed";
    case ExitCause::timeout: return "not being ready in time";
    case ExitCause::watchdog: return "its watchdog";
    case ExitCause::no_start: return "not having started";
    }
    return "?";
}

} // namespace systemd
