// SPDX-License-Identifier: BSD-2-Clause
// The phases from the first start to the main loop, and carrying out what the supervisor says.
#include <servers/eclipse-systemd/manager.hpp>
#include <servers/eclipse-systemd/manager_slots.hpp>
#include <servers/eclipse-systemd/report.hpp>
#include <sys/util/log.hpp>

namespace systemd {

namespace {

constexpr Duration first_heartbeat = Duration::seconds(5);
constexpr Duration heartbeat_period = Duration::seconds(60);

} // namespace

void Manager::start_services() {
    is_starting_ = true;
    sys::log("  [START] Starting services with no dependencies...");
    bool started = start_next_candidate();
    while (started && !is_shutting_down_) {
        carry_out();
        if (start_has_ended()) {
            if (supervisor_.status(*target_).state == UnitState::active)
                break;
            sys::log("[WARNING] {} could not be reached", units_[*target_].name);
            started = start_next_candidate();
            continue;
        }
        step();
    }
    is_starting_ = false;
    if (is_shutting_down_)
        return;
    if (!started)
        sys::log("[CRITICAL] No target could be started; only the console is left");
    sys::log("  [COMPLETE] No more services to start");
}

/// The default target, then the two to fall back on. False if there is none left.
bool Manager::start_next_candidate() {
    const Text candidates[candidate_count] = {options_.default_target, "multi-user.target", "rescue.target"};
    for (; candidate_ < candidate_count; ++candidate_) {
        const Text name = candidates[candidate_];
        if (name.empty() || (candidate_ > 0 && name == candidates[candidate_ - 1]))
            continue;
        const auto unit = units_.find(name);
        if (!unit) {
            sys::log("[WARNING] There is no {}", name);
            continue;
        }
        ++candidate_;
        target_ = unit;
        supervisor_.start(*unit, processes_.now());
        return true;
    }
    return false;
}

bool Manager::start_has_ended() {
    const UnitState state = supervisor_.status(*target_).state;
    return state == UnitState::active || state == UnitState::failed || state == UnitState::inactive;
}

void Manager::run() {
    next_heartbeat_ = processes_.now() + first_heartbeat;
    for (;;) {
        carry_out();
        if (is_shutting_down_)
            end_shutdown_if_over();
        else
            say_ready_if_so();
        step();
    }
}

/// Once, when everything that the target pulls in has been ready.
void Manager::say_ready_if_so() {
    if (said_ready_ || !target_)
        return;
    const UnitSet missing = supervisor_.not_ready(graph_.plan(*target_).members);
    if (missing.empty()) {
        if (options_.measure)
            sys::log("BENCH boot.pid1 {}", sys::raw::read_time_stamp());
        sys::log("[READY] Eclipse-SystemD is ready");
        said_ready_ = true;
    } else if (!said_degraded_) {
        report::degraded(units_[*target_].name, missing, units_);
        said_degraded_ = true;
    }
}

/// Until the supervisor has nothing more to say. Ends with the alarm set for what it waits for.
void Manager::carry_out() {
    while (supervisor_.has_action()) {
        const Action action = supervisor_.next_action();
        switch (action.kind) {
        case ActionKind::spawn: spawn(action.unit); break;
        case ActionKind::ask_to_end:
            report::action(action, units_, graph_);
            if (const auto asked = processes_.ask_to_end(action.pid); !asked)
                sys::log("[WARNING] PID {} cannot be asked to end: {}", action.pid, asked.error());
            break;
        case ActionKind::kill:
            if (const auto killed = processes_.kill(action.pid); !killed)
                sys::log("[WARNING] PID {} cannot be ended: {}", action.pid, killed.error());
            break;
        default: report::action(action, units_, graph_); break;
        }
    }
    set_alarm();
}

void Manager::spawn(UnitIndex unit) {
    if (supervisor_.status(unit).state != UnitState::activating)
        return; // stopped in the meantime
    announce_pass();
    const Unit& file = units_[unit];
    const Text name = report::short_name(file);
    sys::log("  [START] {} - {}", name, file.description);
    const UnitStatus& status = supervisor_.status(unit);
    const sys::CNode own(sys::slot::cnode);
    const sys::SlotRef copy = own.at(manager_slot::outgoing);
    const sys::Word badge = sys::protocol::service_manager::service_badge(unit.value, status.incarnation);
    const auto rights = sys::Rights::write() | sys::Rights::grant() | sys::Rights::grant_reply();
    sys::Result<void> minted = copy.mint_from(own.at(sys::slot::endpoint), rights, badge);
    if (!minted)
        sys::log("    [FAILED] No capability to send along: {}", minted.error());
    const auto pid =
        processes_.spawn(file, unit.value, status, options_.environment, sys::Endpoint(manager_slot::outgoing));
    static_cast<void>(copy.remove());
    if (pid) {
        supervisor_.spawned(unit, *pid, processes_.now());
        return;
    }
    sys::log("    [FAILED] Could not fork for {}", name);
    sys::log("    [FAILED] {}: {}", file.service.command[0],
             describe(static_cast<sys::protocol::process::Error>(pid.error().label())));
    supervisor_.spawn_refused(unit, processes_.now());
}

/// In phase 3: a new process after the first ones means that somebody's dependencies have been met.
void Manager::announce_pass() {
    if (!is_starting_ || is_first_wave_ || is_wave_announced_)
        return;
    if (passes_ == 0)
        sys::log("  [START] Starting dependent services...");
    sys::log("  [PASS {}] Checking service dependencies...", ++passes_);
    is_wave_announced_ = true;
}

/// Those that came last end first; then the machine is switched off.
void Manager::begin_shutdown() {
    if (is_shutting_down_)
        return;
    is_shutting_down_ = true;
    sys::log("[SHUTDOWN] Stopping all services");
    supervisor_.stop_all(processes_.now());
}

void Manager::end_shutdown_if_over() {
    if (!supervisor_.is_settled())
        return;
    sys::log("[SHUTDOWN] All services have ended");
    is_shutting_down_ = false;
    sys::log("[WARNING] The machine cannot be switched off: {}", processes_.power_off());
}

void Manager::set_alarm() {
    const Instant next = earlier(supervisor_.next_deadline(), next_heartbeat_);
    if (next == alarm_)
        return;
    const auto set = processes_.set_alarm(next, sys::Notification(manager_slot::alarm_signal));
    if (set)
        alarm_ = next;
    else
        sys::log("[WARNING] No alarm: {}", set.error());
}

void Manager::heartbeat(Instant now) {
    if (now < next_heartbeat_)
        return;
    sys::log("[HEARTBEAT #{}] SystemD operational", ++heartbeats_);
    report::status_table(units_, supervisor_);
    next_heartbeat_ = now + heartbeat_period;
}

} // namespace systemd
