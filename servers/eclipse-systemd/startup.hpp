// SPDX-License-Identifier: BSD-2-Clause
// PID 1's way from its first line to the services: identity, units, and the checks of phases 1 and 2.
#pragma once

#include <servers/eclipse-systemd/manager.hpp>
#include <servers/eclipse-systemd/unit_table.hpp>
#include <sys/archive/cpio.hpp>

namespace systemd {

/// The boot archive, as the pager maps it for us.
sys::Result<sys::archive::Archive> map_archive();

/// Who we are; says so, and warns if we are not PID 1.
Pid introduce(const ProcessClient& processes);

/// Fills the table from the archive and says how many units were good.
void load_registry(const sys::archive::Archive& archive, UnitTable& units);

/// Phase 1: environment and signals. False if something that PID 1 cannot do without is missing.
bool early_boot(Manager& manager, ProcessClient& processes, const Options& options);
/// Phase 2: the root directory, the process list, the memory, the console: each is asked before its line is printed.
bool system_initialization(const sys::archive::Archive& archive, const UnitTable& units, const ProcessClient& processes,
                           Pid us);

/// The value of `name` in the environment; empty if it is not there.
Text variable(char** environment, Text name);

} // namespace systemd
