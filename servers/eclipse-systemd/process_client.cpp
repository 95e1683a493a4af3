// SPDX-License-Identifier: BSD-2-Clause
// Calls to the process service.
#include <servers/eclipse-systemd/process_client.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/util/format.hpp>

namespace systemd {

namespace {

namespace process = sys::protocol::process;
using sys::Result;
using sys::Word;

constexpr sys::Endpoint service(sys::slot::process_service);

ExitCause cause_of(const process::NextExit::Reply& end) {
    switch (end.cause) {
    case process::Cause::exited: return end.status == 0 ? ExitCause::success : ExitCause::status;
    case process::Cause::faulted: return ExitCause::fault;
    case process::Cause::killed:
    case process::Cause::none: return ExitCause::killed;
    }
    return ExitCause::killed;
}

Text variable_name(Text entry) { return entry.substr(0, entry.find('=')); }

bool sets(const WordList& environment, Text name) {
    for (const Text entry : environment) {
        if (variable_name(entry) == name)
            return true;
    }
    return false;
}

/// Ours first, but for what the unit sets itself; then the unit's; last which life of the service this is.
bool add_environment(process::SpawnTexts& texts, const Unit& unit, const UnitStatus& status, char** inherited) {
    for (; *inherited != nullptr; ++inherited) {
        if (!sets(unit.service.environment, variable_name(*inherited)) && !texts.add_environment(*inherited))
            return false;
    }
    for (const Text entry : unit.service.environment) {
        if (!texts.add_environment(entry))
            return false;
    }
    char life[40];
    return texts.add_environment(sys::format(life, "SERVICE_RESTARTS={}", status.restarts));
}

} // namespace

Result<void> ProcessClient::start() {
    const auto uptime = TRY(sys::call(service, process::Uptime{}));
    ticks_at_start_ = sys::raw::read_time_stamp();
    microseconds_at_start_ = uptime.microseconds;
    ticks_per_microsecond_ = uptime.tsc_mhz == 0 ? 1 : uptime.tsc_mhz;
    return {};
}

Instant ProcessClient::now() const {
    const Word ticks = sys::raw::read_time_stamp() - ticks_at_start_;
    return {microseconds_at_start_ + ticks / ticks_per_microsecond_};
}

Result<ProcessClient::Identity> ProcessClient::who_am_i() const {
    const auto identity = TRY(sys::call(service, process::WhoAmI{}));
    return Identity{identity.pid, identity.parent};
}

Result<Pid> ProcessClient::spawn(const Unit& unit, uint16_t unit_number, const UnitStatus& status, char** environment,
                                 sys::Endpoint manager) const {
    process::SpawnTexts texts;
    bool fits = texts.set_path(unit.service.command[0]);
    for (const Text word : unit.service.command)
        fits = fits && texts.add_argument(word);
    if (!fits || !add_environment(texts, unit, status, environment))
        return process::Error::bad_arguments;
    process::Spawn request = texts.request();
    if (const auto& ports = unit.capabilities.io_ports) {
        request.grants |= process::grant::io_ports;
        request.first_port = ports->first;
        request.last_port = ports->last;
    }
    if (const auto& pin = unit.capabilities.interrupt) {
        request.grants |= process::grant::interrupt;
        request.pin = *pin;
    }
    if (unit.capabilities.swap)
        request.grants |= process::grant::swap;
    request.kept_pages = unit.capabilities.kept_pages;
    request.kept_for = unit_number;
    request.dma_pages = unit.capabilities.dma_pages;
    if (const auto& memory = unit.capabilities.device_memory) {
        request.device_first = memory->first;
        request.device_end = memory->end;
    }
    request.untyped_quota = unit.capabilities.untyped_quota;
    const auto answer = TRY(sys::call_with_payload(service, request, sys::Payload(texts.payload()), {}, manager));
    return answer.reply.pid;
}

Result<void> ProcessClient::ask_to_end(Pid pid) const {
    TRY(sys::call(service, process::AskToEnd{pid}));
    return {};
}

sys::Error ProcessClient::power_off() const { return sys::call(service, process::PowerOff{}).error(); }

Result<void> ProcessClient::kill(Pid pid) const {
    TRY(sys::call(service, process::Kill{pid}));
    return {};
}

std::optional<ProcessEnd> ProcessClient::next_end() const {
    const auto end = sys::call(service, process::NextExit{});
    if (!end || end->pid == 0)
        return std::nullopt;
    return ProcessEnd{end->pid, cause_of(*end), {end->ended_at}, *end};
}

Result<void> ProcessClient::watch_exits(sys::Notification signal) const {
    TRY(sys::call(service, process::WatchExits{}, signal));
    return {};
}

Result<void> ProcessClient::set_alarm(Instant when, sys::Notification signal) const {
    // 0 would take the alarm back: a moment that has passed is a microsecond away.
    const Word span = when == Instant::never() ? 0 : (when - now()).microseconds + 1;
    TRY(sys::call(service, process::Alarm{span}, signal));
    return {};
}

Result<ProcessClient::Census> ProcessClient::census(Pid us) const {
    Census census;
    process::List request;
    do {
        const auto page = TRY(sys::call(service, request));
        for (Word i = 0; i < page.count && i < std::size(page.entries); ++i) {
            ++census.processes;
            census.has_us = census.has_us || page.entries[i].pid == us;
        }
        request.from = page.next;
    } while (request.from != 0);
    return census;
}

} // namespace systemd
