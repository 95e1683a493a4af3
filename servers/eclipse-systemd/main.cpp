// SPDX-License-Identifier: BSD-2-Clause
// eclipse-systemd, PID 1: reads the unit files of the boot archive and runs the services that they describe.
#include <servers/eclipse-systemd/report.hpp>
#include <servers/eclipse-systemd/startup.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace systemd {

namespace {

UnitTable units;
constinit ProcessClient processes;

/// Statuses with which PID 1 gives up; init says why it starts the next candidate.
enum ExitStatus { no_time = 2, no_archive = 3, early_boot_failed = 4, initialization_failed = 5 };

Options read_options(int argc, char** argv, char** environment) {
    Options options;
    options.environment = environment;
    options.default_target = variable(environment, "DEFAULT_TARGET");
    for (int i = 1; i < argc; ++i)
        options.measure = options.measure || Text(argv[i]) == "bench";
    return options;
}

int run(const Options& options) {
    report::banner();
    if (!processes.start())
        return no_time;
    const Pid us = introduce(processes);

    const auto archive = map_archive(); // the units lie in it
    if (!archive) {
        sys::log("[CRITICAL] The boot archive cannot be read: {}", archive.error());
        return no_archive;
    }
    load_registry(*archive, units);
    static const DependencyGraph graph(units); // complete from here on
    report::cycles(graph, units);
    static Manager manager(units, graph, processes, options);

    if (!early_boot(manager, processes, options))
        return early_boot_failed;
    if (!system_initialization(*archive, units, processes, us))
        return initialization_failed;
    sys::log("[PHASE 3] Starting system services");
    manager.start_services();
    sys::log("[PHASE 4] Entering main service manager loop");
    manager.run();
}

} // namespace

} // namespace systemd

extern "C" int main(int argc, char** argv, char** environment) {
    sys::set_program_name("eclipse-systemd");
    const systemd::Options options = systemd::read_options(argc, argv, environment);
    return systemd::run(options);
}
