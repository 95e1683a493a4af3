// SPDX-License-Identifier: BSD-2-Clause
// What PID 1 prints, in the words of the original system. Each line is printed after what it says has happened.
#pragma once

#include <servers/eclipse-systemd/dependency_graph.hpp>
#include <servers/eclipse-systemd/process_client.hpp>
#include <servers/eclipse-systemd/supervisor.hpp>
#include <servers/eclipse-systemd/unit_loader.hpp>

namespace systemd::report {

/// The service's name as people know it: without `.service`. Targets keep their suffix.
Text short_name(const Unit& unit);

void banner();
void remark(const LoadRemark& remark);
void cycles(const DependencyGraph& graph, const UnitTable& units);
/// An action that is only to be told; those to be carried out are told by who does it.
void action(const Action& action, const UnitTable& units, const DependencyGraph& graph);
void end_of_process(const ProcessEnd& end);
void status_table(const UnitTable& units, const Supervisor& supervisor);
/// Services of the target that have not been ready.
void degraded(Text target, UnitSet missing, const UnitTable& units);

} // namespace systemd::report
