// SPDX-License-Identifier: BSD-2-Clause
// Identity, registry, phases 1 and 2. What the original calls /proc, /sys and /dev are servers here: the line is printed
// when the server behind it has answered, and says with what.
#include <servers/eclipse-systemd/report.hpp>
#include <servers/eclipse-systemd/startup.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/memory.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/console.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/log.hpp>

namespace systemd {

namespace {

namespace pager = sys::protocol::pager;
using sys::archive::Archive;

/// Programs of units that the archive does not have: not fatal, but better known now.
void check_programs(const Archive& archive, const UnitTable& units) {
    for (uint16_t i = 0; i < units.size(); ++i) {
        const Unit& unit = units[{i}];
        if (unit.kind != UnitKind::service)
            continue;
        const auto program = archive.resolve(unit.service.command[0]);
        if (program && program->kind == sys::archive::Kind::file)
            continue;
        sys::log("[WARNING] {}: there is no program {}", unit.name, unit.service.command[0]);
    }
}

bool check_root(const Archive& archive) {
    for (const Text directory : {"sbin", "etc"}) {
        const auto entry = archive.resolve(directory);
        if (entry && entry->kind == sys::archive::Kind::directory)
            continue;
        sys::log("[CRITICAL] The boot archive has no directory /{}", directory);
        return false;
    }
    sys::log("  [SYSTEM] Mounting filesystems");
    sys::log("  [SYSTEM]   / is the boot archive: {} entries, {} bytes", archive.entry_count(), archive.size());
    return true;
}

bool check_processes(const ProcessClient& processes, Pid us) {
    const auto census = processes.census(us);
    if (!census || !census->has_us) {
        sys::log("[CRITICAL] The process service does not list us");
        return false;
    }
    sys::log("  [SYSTEM] Setting up /proc");
    sys::log("  [SYSTEM]   the process service lists {} processes", census->processes);
    return true;
}

bool check_memory() {
    const auto memory = sys::call(sys::Endpoint(sys::slot::pager), pager::Statistics{});
    if (!memory || memory->pages_free == 0) {
        sys::log("[CRITICAL] The pager has no memory for us");
        return false;
    }
    sys::log("  [SYSTEM] Setting up /sys");
    sys::log("  [SYSTEM]   the pager has {} of {} pages free", memory->pages_free, memory->pages_total);
    return true;
}

/// The line itself is the proof: the console prints it and answers.
bool check_console() {
    const auto printed = sys::call_with_payload(sys::Endpoint(sys::slot::console), sys::protocol::console::Write{},
                                                sys::Payload("  [SYSTEM] Setting up /dev"));
    if (!printed)
        sys::log("[CRITICAL] The console does not answer: {}", printed.error());
    else
        sys::log("  [SYSTEM]   the console server prints this");
    return printed.is_ok();
}

} // namespace

Text variable(char** environment, Text name) {
    for (; *environment != nullptr; ++environment) {
        const Text entry = *environment;
        if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
            return entry.substr(name.size() + 1);
    }
    return {};
}

sys::Result<Archive> map_archive() {
    const auto view = TRY(sys::memory::request(pager::MapArchive{}));
    return Archive::open({reinterpret_cast<const uint8_t*>(view.address), view.size});
}

Pid introduce(const ProcessClient& processes) {
    const auto identity = processes.who_am_i();
    const Pid us = identity ? identity->pid : 0;
    sys::log("Eclipse-SystemD starting with PID: {}", us);
    if (us != sys::protocol::process::system_manager)
        sys::log("[WARNING] SystemD should run as PID 1!");
    return us;
}

void load_registry(const Archive& archive, UnitTable& units) {
    sys::log("[INIT] Initializing service registry...");
    const LoadCount count = load_units(archive, units, report::remark);
    if (!count.directory_found)
        sys::log("[WARNING] There is no directory /{}", unit_directory);
    if (!units.add_implied_targets())
        sys::log("[WARNING] No room for all targets that the units name");
    size_t services = 0;
    for (uint16_t i = 0; i < units.size(); ++i)
        services += units[{i}].kind == UnitKind::service;
    sys::log("  [OK] Registered {} services", services);
    sys::log("Servicios cargados: {} exitosos, {} con errores", count.loaded, count.refused);
}

bool early_boot(Manager& manager, ProcessClient& processes, const Options& options) {
    sys::log("[PHASE 1] Early boot initialization");
    if (*options.environment == nullptr) {
        sys::log("[CRITICAL] No environment");
        return false;
    }
    sys::log("  [EARLY] Setting up process environment");
    if (const auto opened = manager.open(); !opened) {
        sys::log("[CRITICAL] No signals: {}", opened.error());
        return false;
    }
    while (const auto end = processes.next_end())
        report::end_of_process(*end); // children of an earlier PID 1
    sys::log("  [EARLY] Initializing signal handlers");
    sys::log("  [EARLY] Early boot complete");
    return true;
}

bool system_initialization(const Archive& archive, const UnitTable& units, const ProcessClient& processes, Pid us) {
    sys::log("[PHASE 2] System initialization");
    if (!check_root(archive) || !check_processes(processes, us) || !check_memory() || !check_console())
        return false;
    check_programs(archive, units);
    sys::log("  [SYSTEM] System initialization complete");
    return true;
}

} // namespace systemd
