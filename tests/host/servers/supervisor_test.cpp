// SPDX-License-Identifier: BSD-2-Clause
// The supervisor with simulated time and simulated processes.
#include <catch.hpp>
#include <map>
#include <servers/eclipse-systemd/supervisor.hpp>
#include <servers/eclipse-systemd/values.hpp>
#include <set>
#include <tests/host/servers/supervisor_world.hpp>

using namespace systemd;
using Strings = std::vector<std::string>;

TEST_CASE("behaviour 33: a simple service is active as soon as its process exists", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Type=simple");
    world.start("a.service");
    CHECK(world.state("a.service") == UnitState::active);
    CHECK(world.said(ActionKind::started) == Strings{"a.service"});
}

TEST_CASE("behaviour 33, R26: a notify service is active when it says so, however long that takes",
          "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Type=notify\nTimeoutStartSec=infinity");
    world.service("b", "Requires=a.service\nAfter=a.service", "Type=notify");
    world.start("b.service");
    world.advance(Duration::seconds(3600));
    CHECK(world.state("a.service") == UnitState::activating);
    CHECK(world.state("b.service") == UnitState::queued);
    world.ready("a.service");
    CHECK(world.state("a.service") == UnitState::active);
    CHECK(world.state("b.service") == UnitState::activating);
    CHECK_FALSE(world.supervisor->is_settled());
    world.ready("b.service");
    CHECK(world.supervisor->is_settled());
}

TEST_CASE("supervisor: ready counts only from the present process", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Type=notify\nRestart=always\nRestartSec=1");
    world.start("a.service");
    const uint32_t first = world.status("a.service").incarnation;
    world.die("a.service", ExitCause::fault);
    world.advance(Duration::seconds(2));
    CHECK(world.state("a.service") == UnitState::activating);
    CHECK_FALSE(world.supervisor->ready(world["a.service"], first, world.now));
    CHECK(world.state("a.service") == UnitState::activating);
    CHECK(world.supervisor->ready(world["a.service"], first + 1, world.now));
    CHECK(world.state("a.service") == UnitState::active);
}

TEST_CASE("behaviour 33: a oneshot is started when it has ended with status 0", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("kept", "", "Type=oneshot\nRemainAfterExit=yes");
    world.service("gone", "", "Type=oneshot");
    world.service("user", "Requires=kept.service gone.service", "Type=simple");
    world.start("user.service");
    CHECK(world.state("user.service") == UnitState::queued);
    world.die("kept.service", ExitCause::success);
    world.die("gone.service", ExitCause::success);
    CHECK(world.state("kept.service") == UnitState::exited);
    CHECK(world.state("gone.service") == UnitState::inactive);
    CHECK(world.state("user.service") == UnitState::active);
}

TEST_CASE("behaviour 33: a forking service is active when its first process has named another and ended",
          "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Type=forking");
    world.service("lost", "", "Type=forking");
    world.start("a.service");
    world.start("lost.service");
    const Pid first = world.status("a.service").pid;
    CHECK(world.supervisor->main_process(world["a.service"], world.status("a.service").incarnation, first + 1000));
    world.die("a.service", ExitCause::success);
    CHECK(world.state("a.service") == UnitState::active);
    CHECK(world.status("a.service").pid == first + 1000);
    world.die("lost.service", ExitCause::success);
    CHECK(world.state("lost.service") == UnitState::failed);
}

TEST_CASE("behaviour 33: an idle service waits until nothing else starts, but not for ever", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.target("x", "Wants=slow.service idle.service");
    world.service("slow", "", "Type=notify");
    world.service("idle", "", "Type=idle");
    world.start("x.target");
    CHECK(world.state("idle.service") == UnitState::queued);
    SECTION("the others are done") {
        world.ready("slow.service");
        CHECK(world.state("idle.service") == UnitState::active);
    }
    SECTION("five seconds are enough") {
        world.advance(Duration::seconds(6));
        CHECK(world.state("slow.service") == UnitState::activating);
        CHECK(world.state("idle.service") == UnitState::active);
    }
}

TEST_CASE("behaviour 34: the restart table is systemd's", "[systemd][supervisor]") {
    const std::map<std::string, std::set<ExitCause>> table = {
        {"no", {}},
        {"always", {ExitCause::success, ExitCause::status, ExitCause::fault, ExitCause::killed, ExitCause::watchdog}},
        {"on-success", {ExitCause::success}},
        {"on-failure", {ExitCause::status, ExitCause::fault, ExitCause::killed, ExitCause::watchdog}},
        {"on-abnormal", {ExitCause::fault, ExitCause::killed, ExitCause::watchdog}},
        {"on-abort", {ExitCause::fault, ExitCause::killed}},
        {"on-watchdog", {ExitCause::watchdog}},
    };
    for (const auto& [word, causes] : table) {
        for (const ExitCause cause :
             {ExitCause::success, ExitCause::status, ExitCause::fault, ExitCause::killed, ExitCause::watchdog}) {
            INFO(word << " after " << describe(cause));
            SupervisorWorld world;
            world.service("a", "", "Restart=" + word + "\nRestartSec=1\nWatchdogSec=10");
            world.start("a.service");
            if (cause == ExitCause::watchdog)
                world.advance(Duration::seconds(11)); // its end is then ours
            world.die("a.service", cause == ExitCause::watchdog ? ExitCause::killed : cause);
            const bool again = causes.contains(cause);
            CHECK((world.state("a.service") == UnitState::restarting) == again);
            world.advance(Duration::seconds(2));
            CHECK((world.state("a.service") == UnitState::active) == again);
            if (!again)
                CHECK(world.state("a.service") ==
                      (cause == ExitCause::success ? UnitState::inactive : UnitState::failed));
        }
    }
}

TEST_CASE("behaviour 34: RestartSec is kept and holds up nobody else", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Restart=always\nRestartSec=5");
    world.service("b", "", "Restart=always\nRestartSec=1");
    world.start("a.service");
    world.start("b.service");
    world.die("a.service", ExitCause::status);
    world.die("b.service", ExitCause::status);
    CHECK(world.supervisor->next_deadline() == world.now + Duration::seconds(1));
    world.advance(Duration::seconds(1));
    CHECK(world.state("b.service") == UnitState::active);
    world.advance(Duration{3'999'999});
    CHECK(world.state("a.service") == UnitState::restarting);
    world.advance(Duration{1});
    CHECK(world.state("a.service") == UnitState::active);
}

TEST_CASE("behaviour 34: after the limit the service has failed, which is said once", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "StartLimitBurst=3\nStartLimitIntervalSec=60", "Type=notify\nRestart=on-failure\nRestartSec=1");
    world.start("a.service");
    for (int i = 0; i < 4; ++i) {
        world.ready("a.service");
        world.die("a.service", ExitCause::fault);
        world.advance(Duration::seconds(1));
    }
    CHECK(world.state("a.service") == UnitState::failed);
    CHECK(world.restart_attempts == std::vector<std::string>{"1/3", "2/3", "3/3"});
    world.advance(Duration::seconds(1000));
    CHECK(world.said(ActionKind::gave_up) == Strings{"a.service"});
    CHECK(world.said(ActionKind::terminated).size() == 4);
}

TEST_CASE("behaviour 33: a notify service that never gets ready fails after the start limit", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "StartLimitBurst=2", "Type=notify\nRestart=always\nRestartSec=0\nTimeoutStartSec=3");
    world.service("b", "Requires=a.service", "");
    world.start("b.service");
    for (int i = 0; i < 3; ++i) {
        CHECK(world.state("b.service") == UnitState::queued);
        world.advance(Duration::seconds(3));
        REQUIRE(world.killed.size() == static_cast<size_t>(i + 1));
        world.die("a.service", ExitCause::killed);
        world.advance(Duration{});
    }
    CHECK(world.state("a.service") == UnitState::failed);
    CHECK(world.state("b.service") == UnitState::failed);
    CHECK(world.said(ActionKind::start_timed_out).size() == 3);
}

TEST_CASE("behaviour 35: the back-off doubles and starts anew after a healthy run", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "StartLimitBurst=100", "Restart=always");
    world.start("a.service");
    const auto delay_after = [&](Duration run) {
        world.advance(run);
        world.die("a.service", ExitCause::fault);
        const Duration delay = world.supervisor->next_deadline() - world.now;
        world.advance(delay);
        return delay.microseconds / 1000;
    };
    std::vector<uint64_t> delays;
    for (int i = 0; i < 7; ++i)
        delays.push_back(delay_after(Duration::milliseconds(10)));
    CHECK(delays == std::vector<uint64_t>{250, 500, 1000, 2000, 4000, 8000, 8000});
    CHECK(delay_after(Duration::seconds(2)) == 250);
}

TEST_CASE("behaviour 35: the delay counts from the death, not from its reaping", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Restart=always\nRestartSec=5");
    world.start("a.service");
    const Instant death = world.now;
    world.now = world.now + Duration::seconds(4);
    world.supervisor->died(world.status("a.service").pid, ExitCause::fault, death);
    world.drain();
    CHECK(world.supervisor->next_deadline() == death + Duration::seconds(5));
}

TEST_CASE("behaviour 31: a failed Wants is tolerated", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.target("x", "Wants=bad.service good.service");
    world.service("bad", "", "Type=notify");
    world.service("good", "After=bad.service", "Type=notify");
    world.start("x.target");
    world.die("bad.service", ExitCause::status);
    world.ready("good.service");
    CHECK(world.state("x.target") == UnitState::active);
    const Plan plan = world.graph->plan(world["x.target"]);
    CHECK(world.names(world.supervisor->not_ready(plan.members)) == Strings{"bad.service"});
}

TEST_CASE("behaviour 31: a failed Requires goes down the chain, each unit once", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Type=notify");
    world.service("b", "Requires=a.service", "");
    world.service("c", "Requires=b.service a.service", "");
    world.service("d", "Requires=c.service", "");
    world.start("d.service");
    SECTION("while starting") {
        world.die("a.service", ExitCause::status);
        CHECK(world.spawned == Strings{"a.service"});
    }
    SECTION("while running") {
        world.ready("a.service");
        CHECK(world.state("d.service") == UnitState::active);
        world.die("a.service", ExitCause::status);
        for (const char* name : {"d.service", "c.service", "b.service"})
            world.die(name, ExitCause::success);
        CHECK(world.asked == Strings{"d.service", "c.service", "b.service"});
    }
    for (const char* name : {"a.service", "b.service", "c.service", "d.service"}) {
        INFO(name);
        CHECK(world.state(name) == UnitState::failed);
    }
    Strings told = world.said(ActionKind::dependency_failed);
    std::sort(told.begin(), told.end());
    CHECK(told == Strings{"b.service", "c.service", "d.service"});
    CHECK(world.supervisor->is_settled());
}

TEST_CASE("supervisor: a required unit that does not exist fails the unit", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "Requires=ghost.service", "");
    world.start("a.service");
    CHECK(world.state("a.service") == UnitState::failed);
    CHECK(world.said(ActionKind::requirement_missing) == Strings{"a.service"});
    CHECK(world.spawned.empty());
}

TEST_CASE("behaviour 31: starting a unit stops what it conflicts with, and waits for that", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Restart=always");
    world.service("b", "Conflicts=a.service", "");
    world.start("a.service");
    world.start("b.service");
    CHECK(world.asked == Strings{"a.service"});
    CHECK(world.state("b.service") == UnitState::queued);
    world.die("a.service", ExitCause::success);
    CHECK(world.state("a.service") == UnitState::inactive);
    CHECK(world.state("b.service") == UnitState::active);
    world.advance(Duration::seconds(100));
    CHECK(world.state("a.service") == UnitState::inactive);
}

TEST_CASE("supervisor: a process that cannot be made is a failed start", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.refuse_spawns = true;
    world.service("a", "StartLimitBurst=2", "Restart=on-failure\nRestartSec=1");
    world.start("a.service");
    CHECK(world.state("a.service") == UnitState::restarting);
    world.advance(Duration::seconds(1));
    world.advance(Duration::seconds(1));
    CHECK(world.state("a.service") == UnitState::failed);
    CHECK(world.said(ActionKind::gave_up) == Strings{"a.service"});
}

TEST_CASE("supervisor: a watched service stays up as long as it says that it is well", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "WatchdogSec=10");
    world.start("a.service");
    for (int i = 0; i < 5; ++i) {
        world.advance(Duration::seconds(9));
        CHECK(world.supervisor->alive(world["a.service"], world.status("a.service").incarnation, world.now));
    }
    CHECK(world.killed.empty());
    world.advance(Duration::seconds(10));
    CHECK(world.killed == Strings{"a.service"});
}

TEST_CASE("behaviour 36: the end of an unknown process is nobody's", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "");
    world.start("a.service");
    CHECK_FALSE(world.supervisor->died(999, ExitCause::fault, world.now));
    CHECK_FALSE(world.supervisor->died(0, ExitCause::fault, world.now));
    CHECK(world.state("a.service") == UnitState::active);
}

TEST_CASE("supervisor: random lives keep its promises", "[systemd][supervisor]") {
    const unsigned seed = GENERATE(range(1u, 21u));
    INFO("seed " << seed);
    std::mt19937 random(seed);
    SupervisorWorld world;
    const Strings types = {"simple", "notify", "oneshot", "idle"};
    const Strings policies = {"no", "on-failure", "on-abnormal", "on-watchdog", "on-abort"};
    Strings names;
    std::string wants = "Wants=";
    for (int i = 0; i < 12; ++i) {
        const std::string stem = "s" + std::to_string(i);
        std::string unit = "StartLimitBurst=2\nStartLimitIntervalSec=infinity\n";
        for (int other = 0; other < i; ++other) { // only earlier ones: no cycles
            if (random() % 5 == 0)
                unit += "Requires=s" + std::to_string(other) + ".service\n";
            if (random() % 5 == 0)
                unit += "After=s" + std::to_string(other) + ".service\n";
        }
        world.service(stem, unit, "Type=" + types[random() % 4] + "\nRestart=" + policies[random() % 5]);
        names.push_back(stem + ".service");
        wants += " " + stem + ".service";
    }
    world.target("all", wants);
    world.start("all.target");
    size_t readies = 0;
    size_t deaths = 0;
    for (int step = 0; step < 2000 && !(step > 100 && world.supervisor->is_settled()); ++step) {
        const std::string& name = names[random() % names.size()];
        const UnitStatus& status = world.status(name);
        const unsigned what = random() % 8;
        if (what < 4 && status.pid != 0 && status.state == UnitState::activating) {
            world.ready(name);
            ++readies;
        } else if (what == 4 && status.pid != 0) {
            world.die(name, static_cast<ExitCause>(random() % 4));
            ++deaths;
        } else if (what == 5) {
            world.advance(Duration::milliseconds(random() % 3000));
        }
        for (const std::string& one : names) { // whatever starts has what it waits for and requires
            const UnitIndex unit = world[one];
            const UnitState state = world.status(one).state;
            CHECK((world.status(one).pid != 0) ==
                  (state == UnitState::activating || state == UnitState::active || state == UnitState::deactivating));
            if (state != UnitState::active && state != UnitState::activating)
                continue;
            for (const UnitIndex needed : world.graph->requirements(unit))
                CHECK(world.supervisor->status(needed).state != UnitState::failed);
            CHECK(world.status(one).attempts <= 2);
        }
    }
    CHECK(readies + deaths > 0);
    // Everything on its way comes to rest: what still waits is ready or dead after a while.
    for (int round = 0; round < 1000 && !world.supervisor->is_settled(); ++round) {
        for (const std::string& name : names) {
            const UnitStatus& status = world.status(name);
            if (status.pid == 0)
                continue;
            if (status.state == UnitState::deactivating)
                world.die(name, ExitCause::killed);
            else if (status.state == UnitState::activating && world.unit_type(name) == ServiceType::oneshot)
                world.die(name, ExitCause::success);
            else if (status.state == UnitState::activating)
                world.ready(name);
        }
        world.advance(Duration::seconds(1));
    }
    CHECK(world.supervisor->is_settled());
    for (const std::string& name : names) {
        const auto gave_up = world.said(ActionKind::gave_up);
        CHECK(std::count(gave_up.begin(), gave_up.end(), name) <= 1);
    }
}
