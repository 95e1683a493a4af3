// SPDX-License-Identifier: BSD-2-Clause
// A supervisor among processes that exist only in the test: it carries out actions and remembers what was said.
#pragma once

#include <random>
#include <tests/host/servers/unit_world.hpp>

struct SupervisorWorld : UnitWorld {
    std::unique_ptr<systemd::Supervisor> supervisor;
    systemd::Instant now{1'000'000};
    systemd::Pid next_pid = 2;
    bool refuse_spawns = false;
    std::vector<std::string> spawned;
    std::vector<std::string> asked;
    std::vector<std::string> killed;
    std::vector<std::string> restart_attempts;
    std::vector<systemd::Action> actions;

    void start(const std::string& root) {
        if (!graph)
            build();
        if (!supervisor)
            supervisor = std::make_unique<systemd::Supervisor>(table, *graph);
        supervisor->start((*this)[root], now);
        drain();
    }
    const systemd::UnitStatus& status(const std::string& name) const { return supervisor->status((*this)[name]); }
    systemd::UnitState state(const std::string& name) const { return status(name).state; }
    systemd::ServiceType unit_type(const std::string& name) const { return table[(*this)[name]].service.type; }

    /// Time passes; every deadline on the way is met when it comes.
    void advance(systemd::Duration span) {
        const systemd::Instant end = now + span;
        for (int i = 0; i < 10000; ++i) {
            const systemd::Instant next = supervisor->next_deadline();
            if (next > end)
                break;
            if (next > now)
                now = next;
            supervisor->tick(now);
            drain();
        }
        now = end;
    }
    void ready(const std::string& name) {
        CHECK(supervisor->ready((*this)[name], status(name).incarnation, now));
        drain();
    }
    void die(const std::string& name, systemd::ExitCause cause) {
        const systemd::Pid pid = status(name).pid;
        INFO(name);
        REQUIRE(pid != 0);
        CHECK(supervisor->died(pid, cause, now));
        drain();
    }
    void drain() {
        using systemd::ActionKind;
        while (supervisor->has_action()) {
            const systemd::Action action = supervisor->next_action();
            const std::string name(table[action.unit].name);
            actions.push_back(action);
            if (action.kind == ActionKind::spawn) {
                if (refuse_spawns) {
                    supervisor->spawn_refused(action.unit, now);
                    continue;
                }
                spawned.push_back(name);
                supervisor->spawned(action.unit, next_pid++, now);
            }
            if (action.kind == ActionKind::ask_to_end)
                asked.push_back(name);
            if (action.kind == ActionKind::kill)
                killed.push_back(name);
            if (action.kind == ActionKind::restarting)
                restart_attempts.push_back(std::to_string(action.attempt) + "/" + std::to_string(action.limit));
        }
    }
    std::vector<std::string> said(systemd::ActionKind kind) const {
        std::vector<std::string> names;
        for (const auto& action : actions)
            if (action.kind == kind)
                names.emplace_back(table[action.unit].name);
        return names;
    }
};
