// SPDX-License-Identifier: BSD-2-Clause
// The lines of PID 1.
#include <servers/eclipse-systemd/report.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/log.hpp>

namespace systemd::report {

namespace {

namespace process = sys::protocol::process;

/// Collects names into one line.
class NameLine {
public:
    NameLine() = default;
    void add(Text separator, Text name) {
        if (!text_.text().empty())
            text_.put(separator);
        text_.put(name);
    }
    Text text() const { return text_.text(); }

private:
    char storage_[320] = {};
    sys::TextBuffer text_{storage_};
};

} // namespace

Text short_name(const Unit& unit) {
    Text name = unit.name;
    if (unit.kind == UnitKind::service)
        name.remove_suffix(Text(".service").size());
    return name;
}

void banner() {
    sys::log("+--------------------------------------------+");
    char title[48];
    sys::log("|  {:<42}|", sys::format(title, "ECLIPSE-SYSTEMD v{} - Init System", UMBRA_VERSION));
    sys::log("|  {:<42}|", "Modern Service Manager for Microkernel");
    sys::log("+--------------------------------------------+");
}

void remark(const LoadRemark& remark) {
    if (remark.warning != nullptr)
        sys::log("[WARNING] {}:{}: {} {}", remark.file, remark.warning->line(), describe(remark.warning->kind()),
                 remark.warning->subject());
    if (remark.error != nullptr && remark.error->line != 0)
        sys::log("[ERROR] {}:{}: {}; the unit is skipped", remark.file, remark.error->line,
                 describe(remark.error->fault));
    else if (remark.error != nullptr)
        sys::log("[ERROR] {}: {}; the unit is skipped", remark.file, describe(remark.error->fault));
}

void cycles(const DependencyGraph& graph, const UnitTable& units) {
    for (const Cycle& cycle : graph.cycles()) {
        NameLine members;
        for (const UnitIndex unit : cycle.members)
            members.add(" -> ", units[unit].name);
        sys::log("[WARNING] Dependency cycle: {} -> {}; {} no longer waits for {}", members.text(),
                 units[cycle.members[0]].name, units[cycle.later].name, units[cycle.earlier].name);
    }
    if (graph.cycle_count() > graph.cycles().size())
        sys::log("[WARNING] {} more dependency cycles", graph.cycle_count() - graph.cycles().size());
}

void action(const Action& action, const UnitTable& units, const DependencyGraph& graph) {
    const Text name = short_name(units[action.unit]);
    const Text other = short_name(units[action.other]);
    switch (action.kind) {
    case ActionKind::spawn:
    case ActionKind::kill: break;
    case ActionKind::ask_to_end: sys::log("[STOP] {} is asked to end", name); break;
    case ActionKind::started:
        if (action.pid != 0)
            sys::log("    [OK] {} started with PID {}", name, action.pid);
        else
            sys::log("    [OK] {} has done its work", name);
        break;
    case ActionKind::target_reached: sys::log("  [TARGET] Target completado: {}", name); break;
    case ActionKind::terminated: sys::log("[TERMINATED] Service {} (PID {}) exited", name, action.pid); break;
    case ActionKind::restarting:
        sys::log("[RESTART] Restarting {} (attempt {}/{})", name, action.attempt, action.limit);
        break;
    case ActionKind::gave_up: sys::log("[CRITICAL] Service {} exceeded max restart attempts", name); break;
    case ActionKind::failed: sys::log("[FAILED] Service {} failed: {}", name, describe(action.cause)); break;
    case ActionKind::dependency_failed:
        sys::log("[FAILED] {} is dropped: it requires {}, which has failed", name, other);
        break;
    case ActionKind::requirement_missing:
        sys::log("[FAILED] {} is dropped: it requires {}, which does not exist", name,
                 graph.missing_requirement(action.unit).value_or("?"));
        break;
    case ActionKind::conflict_stopped: sys::log("[STOP] {} stops: it conflicts with {}", name, other); break;
    case ActionKind::conflict_dropped: sys::log("[WARNING] {} is left out: it conflicts with {}", name, other); break;
    case ActionKind::start_timed_out: sys::log("[TIMEOUT] Service {} is not ready in time", name); break;
    case ActionKind::stop_timed_out:
        sys::log("[TIMEOUT] Service {} does not end when asked; it is killed", name);
        break;
    case ActionKind::watchdog_expired: sys::log("[WATCHDOG] Service {} gives no sign of life", name); break;
    }
}

void end_of_process(const ProcessEnd& end) {
    const auto& details = end.details;
    switch (details.cause) {
    case process::Cause::exited: sys::log("  [CAUSE] PID {}: status {}", end.pid, details.status); break;
    case process::Cause::killed: sys::log("  [CAUSE] PID {}: killed", end.pid); break;
    case process::Cause::faulted:
        sys::log("  [CAUSE] PID {}: fault {} at {:#x}, address or number {:#x}: {}", end.pid, details.fault_label,
                 details.fault_instruction, details.fault_address,
                 sys::protocol::pager::describe(static_cast<sys::protocol::pager::Refusal>(details.refusal)));
        break;
    case process::Cause::none: break;
    }
}

void status_table(const UnitTable& units, const Supervisor& supervisor) {
    sys::log("SERVICE STATUS:");
    for (uint16_t i = 0; i < units.size(); ++i) {
        const Unit& unit = units[{i}];
        if (unit.kind != UnitKind::service)
            continue;
        const UnitStatus& status = supervisor.status({i});
        sys::log("  {} [{}] PID:{} Restarts:{}", short_name(unit), describe(status.state), status.pid, status.restarts);
    }
}

void degraded(Text target, UnitSet missing, const UnitTable& units) {
    NameLine names;
    for (const UnitIndex unit : missing)
        names.add(", ", short_name(units[unit]));
    sys::log("[DEGRADED] {} without: {}", target, names.text());
}

} // namespace systemd::report
