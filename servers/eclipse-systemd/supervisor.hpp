// SPDX-License-Identifier: BSD-2-Clause
// Supervisor: which service is to run, which one does, and what is to be done about it. A state machine that neither
// knows a clock nor talks to anybody: events come in with their time, actions are fetched and carried out by the owner.
//
//   inactive -> queued -> activating -> active -> (process ends) -> inactive | failed | restarting -> activating
//
// A unit leaves `queued` when nothing that comes before it is on its way any more and what it requires is up.
#pragma once

#include <servers/eclipse-systemd/dependency_graph.hpp>
#include <servers/eclipse-systemd/restart_policy.hpp>
#include <servers/eclipse-systemd/unit_table.hpp>

namespace systemd {

enum class UnitState : uint8_t {
    inactive,
    queued,
    activating, ///< its process is being made, or not ready yet
    active,
    exited, ///< a oneshot with RemainAfterExit=yes that has done its work
    restarting, ///< waits for its delay to pass
    deactivating, ///< its process ends: is asked to, once those that come after it are gone, and killed if it does not
    failed,
};

const char* describe(UnitState state);

using Pid = uint64_t;

enum class ActionKind : uint8_t {
    // To be carried out:
    spawn, ///< make the process, then call spawned() or spawn_refused()
    ask_to_end, ///< of process `pid`; its end is reported to died()
    kill, ///< end process `pid`, likewise
    // To be told:
    started, ///< is active now
    target_reached,
    terminated, ///< the process `pid` ended by `cause`
    restarting, ///< spawn follows; `attempt` of `limit`
    gave_up, ///< `limit` restarts were not enough
    failed, ///< ended by `cause`, and is not to be restarted
    dependency_failed, ///< failed because `other` has
    requirement_missing, ///< failed because it requires a unit that does not exist
    conflict_stopped, ///< is being stopped because `other` starts
    conflict_dropped, ///< not started because it conflicts with `other`
    start_timed_out,
    stop_timed_out, ///< it was asked, and has not ended: kill follows
    watchdog_expired,
};

struct Action {
    ActionKind kind = ActionKind::spawn;
    UnitIndex unit{};
    UnitIndex other{};
    Pid pid = 0;
    unsigned attempt = 0;
    unsigned limit = 0;
    ExitCause cause = ExitCause::success;
};

struct UnitStatus {
    UnitState state = UnitState::inactive;
    Pid pid = 0; ///< 0: no process
    uint32_t incarnation = 0; ///< counts the processes made for it: tells a message of this one from an earlier one's
    unsigned restarts = 0; ///< in all
    unsigned attempts = 0; ///< restarts since the last healthy run
    unsigned quick_ends = 0; ///< in a row, for the back-off
    bool succeeded = false; ///< the last start came to its end as wanted
    bool was_ready = false; ///< was active at least once
    bool asked_to_end = false; ///< deactivating: its turn has come
    bool stop_wanted = false; ///< deactivating: inactive afterwards, not failed
    ExitCause ended_by_us = ExitCause::success; ///< timeout or watchdog: why it is being ended
    Pid named_main = 0; ///< forking: the process it has named
    Instant active_since;
    Instant deadline = Instant::never(); ///< of the start, the restart delay, the watchdog, or the end
    Instant queued_at;
};

class Supervisor {
public:
    Supervisor(const UnitTable& units, const DependencyGraph& graph) : units_(units), graph_(graph) {}

    /// Queues `root` and all it pulls in. Units that are up stay so; those that conflict are stopped.
    void start(UnitIndex root, Instant now);
    /// Ends the unit, and those that require it, without a restart.
    void stop(UnitIndex unit, Instant now);
    /// Ends all units, those that came last first; no start and no restart follows. Over when is_settled().
    void stop_all(Instant now);

    void spawned(UnitIndex unit, Pid pid, Instant now);
    void spawn_refused(UnitIndex unit, Instant now);
    /// A message of a service: it is ready. False if it is not from the unit's present process.
    bool ready(UnitIndex unit, uint32_t incarnation, Instant now);
    /// A message of a service: it is well.
    bool alive(UnitIndex unit, uint32_t incarnation, Instant now);
    /// A message of a Type=forking service: process `pid` is the one to watch. False as above, or if it is another unit's:
    /// what a unit watches is ended with it.
    bool main_process(UnitIndex unit, uint32_t incarnation, Pid pid);
    /// A process has ended, at `when`. False if it is no unit's.
    bool died(Pid pid, ExitCause cause, Instant when);
    /// Deadlines that have passed.
    void tick(Instant now);

    bool has_action() const { return !actions_.empty(); }
    Action next_action() { return actions_.pop(); }
    /// When tick() has something to do, if nothing else happens.
    Instant next_deadline() const;

    const UnitStatus& status(UnitIndex unit) const { return status_[unit.value]; }
    /// Nothing is queued or on its way.
    bool is_settled() const;
    /// Of `members`, those that have not been ready yet.
    UnitSet not_ready(UnitSet members) const;

private:
    UnitStatus& at(UnitIndex unit) { return status_[unit.value]; }
    const UnitStatus& at(UnitIndex unit) const { return status_[unit.value]; }
    UnitSet all() const;
    UnitSet on_its_way() const;
    void say(Action action);
    void advance(Instant now);
    bool advance_one(UnitIndex unit, Instant now);
    void advance_ends(Instant now);
    bool outlives_another(UnitIndex unit) const;
    bool fails_by_requirement(UnitIndex unit);
    bool may_start(UnitIndex unit, Instant now) const;
    bool is_up_or_done(UnitIndex unit) const;
    void begin(UnitIndex unit, Instant now);
    void become_active(UnitIndex unit, Instant now);
    void ended(UnitIndex unit, ExitCause cause, Instant when, Instant now);
    void restart_later(UnitIndex unit, Instant when);
    void fail(UnitIndex unit);
    void drop_dependants(UnitIndex culprit);
    void stop_one(UnitIndex unit, bool wanted);
    void stop_rivals(UnitSet started);
    ExitCause cause_of(UnitIndex unit, ExitCause reported) const;

    const UnitTable& units_;
    const DependencyGraph& graph_;
    UnitStatus status_[max_units];
    Queue<Action, 8 * max_units> actions_;
};

} // namespace systemd
