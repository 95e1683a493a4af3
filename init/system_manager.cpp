// SPDX-License-Identifier: BSD-2-Clause
// The story of PID 1.
#include <init/system_manager.hpp>

#include <init/chaos.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/log.hpp>

namespace init {

namespace {

constexpr std::string_view candidates[] = {"/sbin/eclipse-systemd", "/sbin/init"};
constexpr unsigned candidate_count = sizeof(candidates) / sizeof(candidates[0]);
/// After that many deaths without a healthy run, the next candidate is tried.
constexpr unsigned most_failures = 5;
constexpr uint8_t console_priority = 253;
constexpr Word console_quota = 512;
constexpr uint16_t com1_first = 0x3f8, com1_last = 0x3ff, com1_pin = 4;

constexpr std::string_view environment[] = {"PATH=/sbin:/bin:/usr/sbin:/usr/bin",
                                            "HOME=/root",
                                            "USER=root",
                                            "SHELL=/bin/eclipse-shell",
                                            "TERM=xterm-256color",
                                            "DISPLAY=:0",
                                            "XDG_SESSION_TYPE=wayland",
                                            "XDG_SESSION_DESKTOP=eclipse",
                                            "XDG_CURRENT_DESKTOP=Eclipse"};

Texts texts_of(std::string_view path) {
    Texts texts;
    texts.path = path;
    texts.arguments[texts.argument_count++] = path;
    for (const std::string_view entry : environment)
        texts.environment[texts.environment_count++] = entry;
    return texts;
}

/// As many of the words, separated by blanks, as there is room for.
void add_words(Texts& texts, std::string_view words) {
    while (texts.argument_count < std::size(texts.arguments)) {
        while (words.starts_with(' '))
            words.remove_prefix(1);
        if (words.empty())
            return;
        const size_t end = words.find(' ');
        if (!words.starts_with(chaos_word)) // that one is init's
            texts.arguments[texts.argument_count++] = words.substr(0, end);
        words.remove_prefix(end == std::string_view::npos ? words.size() : end);
    }
}

const char* sentence(const sys::Error& error) {
    using Process = process::Error;
    if (error == Process::not_an_executable)
        return sys::elf::describe(static_cast<sys::elf::Fault>(error.detail(0)));
    constexpr auto first = static_cast<Word>(Process::not_permitted);
    constexpr auto pager_first = sys::protocol_error_base(sys::Protocol::pager);
    if (error.label() >= pager_first)
        return sys::protocol::pager::describe(static_cast<sys::protocol::pager::Error>(error.label()));
    if (error.label() >= first)
        return process::describe(static_cast<Process>(error.label()));
    return error.describe();
}

} // namespace

Result<void> SystemManager::start_console(sys::Endpoint endpoint, Word vga_text) {
    console_endpoint_ = endpoint;
    console_vga_ = vga_text;
    Texts texts = texts_of("/sbin/console");
    if (vga_text != 0)
        texts.arguments[texts.argument_count++] = "vga";
    SpawnOptions options;
    options.shape = {.pid = 0,
                     .priority = console_priority,
                     .grants = process::grant::io_ports | process::grant::interrupt | process::grant::inspect,
                     .first_port = com1_first,
                     .last_port = com1_last,
                     .pin = com1_pin,
                     .level_triggered = false};
    options.quota_pages = console_quota;
    options.resident = true;
    options.traits = sys::protocol::pager::trait::inspector;
    options.own_endpoint = endpoint;
    options.vga_text = vga_text;
    console_pid_ = TRY(processes_.spawn(texts, options));
    return {};
}

void SystemManager::fail() {
    const char* const reason = last_reason_ == nullptr ? "nothing to start" : last_reason_;
    has_failed_ = true;
    sys::log("KERNEL_MAIN: systemd init failed: {} - fallback to kernel loop", reason);
    sys::log("INIT: no system manager is left to try; the console stays (type help)");
    sys::log("SYSTEM FAILED: {}", reason);
}

Result<void> SystemManager::start_candidate(std::string_view path) {
    sys::log("PROCESS_TRANSFER: Starting userland transfer sequence");
    sys::log("PROCESS_TRANSFER: context rip={:#x} rsp={:#x}",
             TRY(find_program(processes_.archive(), path)).image.entry(), stack_top);
    SpawnOptions options;
    options.shape.priority = process::system_manager_priority;
    options.announce = true;
    options.traits = sys::protocol::pager::trait::inspector;
    options.resident = true;
    Texts texts = texts_of(path);
    add_words(texts, boot_words_);
    TRY(processes_.spawn(texts, options));
    return {};
}

/// A link to a candidate that has failed would fail again.
bool SystemManager::is_same_as_before(std::string_view path, unsigned number) const {
    auto file = processes_.archive().resolve(path);
    for (unsigned i = 0; file && i < number; ++i) {
        auto earlier = processes_.archive().resolve(candidates[i]);
        if (earlier && earlier->offset == file->offset)
            return true;
    }
    return false;
}

bool SystemManager::try_candidates() {
    for (; candidate_ < candidate_count; ++candidate_, back_off_ = BackOff()) {
        const std::string_view path = candidates[candidate_];
        if (is_same_as_before(path, candidate_)) {
            sys::log("SYSTEMD_INIT: {} is the same file, not tried again", path);
            continue;
        }
        const auto started = start_candidate(path);
        if (started)
            return true;
        if (started.error() == process::Error::no_code) {
            sys::log("PROCESS_TRANSFER: No executable code found");
            sys::log("PROCESS_TRANSFER: System will continue with kernel loop");
        }
        const char* const reason = sentence(started.error());
        sys::log("SYSTEMD_INIT: Error: {}: {}", path, reason);
        // That a later candidate is missing says less than why an earlier one failed.
        if (last_reason_ == nullptr || !(started.error() == process::Error::no_such_file))
            last_reason_ = reason;
    }
    return false;
}

void SystemManager::start_system_manager() {
    sys::log("KERNEL_MAIN: Iniciando preparación de systemd");
    sys::log("SYSTEMD_INIT: Iniciando sistema de inicialización");
    sys::log("SYSTEMD_INIT: Sistema de inicialización configurado");
    sys::log("SYSTEMD_INIT: Ejecutando eclipse-systemd como PID 1");
    if (!try_candidates())
        fail();
}

void SystemManager::ended(Word pid, const Ending& how, Word ran_for) {
    const bool is_console = pid == console_pid_;
    if (how.cause == process::Cause::exited)
        sys::log("INIT: process {} ended with status {} after {} ms", pid, how.status, ran_for / 1000);
    else
        sys::log("INIT: process {} was ended by a fault at {:#x} after {} ms", pid, how.instruction, ran_for / 1000);
    Word delay = (is_console ? console_back_off_ : back_off_).died(ran_for);
    (is_console ? console_waits_ : manager_waits_) = true;
    if (!is_console && back_off_.failures() >= most_failures) {
        last_reason_ = how.cause == process::Cause::exited ? "PID 1 keeps ending" : "PID 1 keeps crashing";
        sys::log("SYSTEMD_INIT: Error: {}: {}", candidates[candidate_], last_reason_);
        ++candidate_;
        back_off_ = BackOff();
        delay = 0; // another program: no reason to wait
    } else {
        sys::log("INIT: starting it again in {} ms", delay / 1000);
    }
    processes_.set_own_alarm(delay);
}

void SystemManager::alarm() {
    if (console_waits_) {
        console_waits_ = false;
        if (const auto started = start_console(console_endpoint_, console_vga_); !started)
            sys::log("INIT: the console cannot be started: {}", sentence(started.error()));
    }
    if (manager_waits_ && !has_failed_) {
        manager_waits_ = false;
        if (!try_candidates())
            fail();
    }
}

} // namespace init
