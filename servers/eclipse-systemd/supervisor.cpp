// SPDX-License-Identifier: BSD-2-Clause
// The queue side: what is started and stopped, and in which order.
#include <servers/eclipse-systemd/supervisor.hpp>

namespace systemd {

namespace {

/// Type=idle waits no longer than this for the others, as in systemd.
constexpr Duration idle_patience = Duration::seconds(5);

bool has_come_to_rest(UnitState state) {
    return state == UnitState::inactive || state == UnitState::active || state == UnitState::exited ||
           state == UnitState::failed;
}

} // namespace

UnitSet Supervisor::all() const { return UnitSet::first(units_.size()); }

UnitSet Supervisor::on_its_way() const {
    UnitSet set;
    for (const UnitIndex unit : all()) {
        if (!has_come_to_rest(at(unit).state))
            set.add(unit);
    }
    return set;
}

/// The owner fetches all actions after each event, and one event causes a few of them per unit: there is room.
void Supervisor::say(Action action) {
    if (!actions_.push(action))
        __builtin_trap();
}

bool Supervisor::is_settled() const { return on_its_way().empty(); }

UnitSet Supervisor::not_ready(UnitSet members) const {
    UnitSet set;
    for (const UnitIndex unit : members) {
        if (!at(unit).was_ready)
            set.add(unit);
    }
    return set;
}

void Supervisor::start(UnitIndex root, Instant now) {
    const Plan plan = graph_.plan(root);
    for (const UnitIndex unit : plan.dropped)
        say({.kind = ActionKind::conflict_dropped,
             .unit = unit,
             .other = *(graph_.conflicts(unit) & (plan.members | plan.dropped)).begin()});
    UnitSet started;
    for (const UnitIndex unit : plan.members) {
        UnitStatus& status = at(unit);
        if (status.state != UnitState::inactive && status.state != UnitState::failed)
            continue;
        status.state = UnitState::queued;
        status.succeeded = false;
        status.attempts = status.quick_ends = 0;
        status.queued_at = now;
        started.add(unit);
    }
    stop_rivals(started);
    advance(now);
}

void Supervisor::stop_rivals(UnitSet started) {
    for (const UnitIndex unit : started) {
        for (const UnitIndex rival : graph_.conflicts(unit) - started) {
            const UnitState state = at(rival).state;
            if (state == UnitState::inactive || state == UnitState::failed || state == UnitState::deactivating)
                continue;
            say({.kind = ActionKind::conflict_stopped, .unit = rival, .other = unit});
            stop_one(rival, true);
        }
    }
}

void Supervisor::stop(UnitIndex unit, Instant now) {
    UnitSet doomed = UnitSet::of(unit);
    for (UnitSet fresh = doomed; !fresh.empty();) {
        UnitSet further;
        for (const UnitIndex one : fresh)
            further = further | graph_.dependants(one);
        fresh = further - doomed;
        doomed = doomed | fresh;
    }
    for (const UnitIndex one : doomed) {
        const UnitState state = at(one).state;
        if (state != UnitState::inactive && state != UnitState::failed)
            stop_one(one, true);
    }
    advance(now);
}

void Supervisor::stop_all(Instant now) {
    for (const UnitIndex unit : all()) {
        if (at(unit).state != UnitState::failed)
            stop_one(unit, true);
    }
    advance(now);
}

/// Ends one unit's process if it has one: advance_ends() asks it when its turn comes. `wanted`: it is inactive afterwards; else it counts as failed.
void Supervisor::stop_one(UnitIndex unit, bool wanted) {
    UnitStatus& status = at(unit);
    status.stop_wanted = wanted;
    if (status.pid != 0) {
        if (status.state == UnitState::deactivating)
            return; // its deadline counts
        status.state = UnitState::deactivating;
        status.asked_to_end = false;
    } else {
        status.state = wanted ? UnitState::inactive : UnitState::failed;
    }
    status.deadline = Instant::never();
}

void Supervisor::advance(Instant now) {
    for (bool changed = true; changed;) {
        changed = false;
        for (const UnitIndex unit : all()) {
            if (at(unit).state == UnitState::queued)
                changed = advance_one(unit, now) || changed;
        }
    }
    advance_ends(now);
}

/// Asks those whose turn it is to end.
void Supervisor::advance_ends(Instant now) {
    for (const UnitIndex unit : all()) {
        UnitStatus& status = at(unit);
        if (status.state != UnitState::deactivating || status.asked_to_end || outlives_another(unit))
            continue;
        status.asked_to_end = true;
        status.deadline = now + units_[unit].service.stop_timeout;
        say({.kind = ActionKind::ask_to_end, .unit = unit, .pid = status.pid});
    }
}

/// Whether one that comes after this unit, directly or not, is ending and not gone yet.
bool Supervisor::outlives_another(UnitIndex unit) const {
    UnitSet later = UnitSet::of(unit);
    for (bool grew = true; grew;) {
        grew = false;
        for (const UnitIndex other : all() - later) {
            if ((graph_.predecessors(other) & later).empty())
                continue;
            if (at(other).state == UnitState::deactivating)
                return true;
            later.add(other);
            grew = true;
        }
    }
    return false;
}

/// True if the unit is no longer queued.
bool Supervisor::advance_one(UnitIndex unit, Instant now) {
    if (fails_by_requirement(unit))
        return true;
    if (!may_start(unit, now))
        return false;
    if (units_[unit].kind == UnitKind::target)
        become_active(unit, now);
    else
        begin(unit, now);
    return true;
}

bool Supervisor::fails_by_requirement(UnitIndex unit) {
    if (graph_.missing_requirement(unit)) {
        say({.kind = ActionKind::requirement_missing, .unit = unit});
        fail(unit);
        return true;
    }
    for (const UnitIndex other : graph_.requirements(unit)) {
        const UnitStatus& required = at(other);
        const bool absent = required.state == UnitState::inactive && !required.succeeded;
        if (required.state != UnitState::failed && !absent)
            continue;
        say({.kind = ActionKind::dependency_failed, .unit = unit, .other = other});
        fail(unit);
        return true;
    }
    return false;
}

bool Supervisor::is_up_or_done(UnitIndex unit) const {
    const UnitStatus& status = at(unit);
    return status.state == UnitState::active || status.state == UnitState::exited ||
           (status.state == UnitState::inactive && status.succeeded);
}

bool Supervisor::may_start(UnitIndex unit, Instant now) const {
    const UnitSet before = graph_.predecessors(unit);
    if (!(before & on_its_way()).empty())
        return false;
    // What is required but not ordered before this unit (a broken cycle) is only known not to have failed.
    for (const UnitIndex other : graph_.requirements(unit) & before) {
        if (!is_up_or_done(other))
            return false;
    }
    for (const UnitIndex rival : graph_.conflicts(unit)) {
        if (at(rival).state == UnitState::deactivating)
            return false;
    }
    if (units_[unit].service.type != ServiceType::idle || now >= at(unit).queued_at + idle_patience)
        return true;
    for (const UnitIndex other : on_its_way()) { // restarts do not count: they may go on for ever
        const bool is_start = at(other).state == UnitState::queued || at(other).state == UnitState::activating;
        const bool is_peer = units_[other].service.type == ServiceType::idle && units_[other].kind != UnitKind::target;
        if (is_start && !is_peer && !graph_.predecessors(other).has(unit))
            return false;
    }
    return true;
}

void Supervisor::begin(UnitIndex unit, Instant now) {
    UnitStatus& status = at(unit);
    status.state = UnitState::activating;
    status.succeeded = false;
    status.ended_by_us = ExitCause::success;
    status.named_main = 0;
    ++status.incarnation;
    status.deadline = now + units_[unit].service.start_timeout;
    say({.kind = ActionKind::spawn, .unit = unit});
}

void Supervisor::become_active(UnitIndex unit, Instant now) {
    UnitStatus& status = at(unit);
    status.state = UnitState::active;
    status.succeeded = true;
    status.was_ready = true;
    status.active_since = now;
    if (units_[unit].kind == UnitKind::target) {
        say({.kind = ActionKind::target_reached, .unit = unit});
        return;
    }
    status.deadline = now + units_[unit].service.watchdog;
    say({.kind = ActionKind::started, .unit = unit, .pid = status.pid});
}

Instant Supervisor::next_deadline() const {
    Instant next = Instant::never();
    for (const UnitIndex unit : all()) {
        const UnitStatus& status = at(unit);
        next = earlier(next, status.deadline);
        const bool idles = status.state == UnitState::queued && units_[unit].service.type == ServiceType::idle;
        if (idles)
            next = earlier(next, status.queued_at + idle_patience);
    }
    return next;
}

} // namespace systemd
