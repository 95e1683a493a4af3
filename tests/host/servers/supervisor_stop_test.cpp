// SPDX-License-Identifier: BSD-2-Clause
// Units that are stopped: asked first, in which order, and killed if they do not listen.
#include <tests/host/servers/supervisor_world.hpp>

using namespace systemd;

namespace {
using Strings = std::vector<std::string>;
}

TEST_CASE("supervisor: stop takes along what requires the unit and restarts nothing", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("a", "", "Restart=always");
    world.service("b", "Requires=a.service", "Restart=always");
    world.start("b.service");
    world.supervisor->stop(world["a.service"], world.now);
    world.drain();
    world.die("b.service", ExitCause::success);
    world.die("a.service", ExitCause::success);
    world.advance(Duration::seconds(100));
    CHECK(world.asked == Strings{"b.service", "a.service"});
    CHECK(world.killed.empty());
    CHECK(world.state("a.service") == UnitState::inactive);
    CHECK(world.state("b.service") == UnitState::inactive);
}

TEST_CASE("behaviour 37: at shutdown the last to come is asked first, each once the others after it are gone",
          "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("log", "", "Restart=always");
    world.target("basic", "Requires=log.service\nAfter=log.service");
    world.service("clock", "After=basic.target", "Restart=always");
    world.service("watch", "After=clock.service", "Restart=always");
    world.service("alone", "", "Restart=always");
    world.target("all", "Wants=basic.target clock.service watch.service alone.service");
    world.start("all.target");
    world.supervisor->stop_all(world.now);
    world.drain();
    CHECK(world.asked == Strings{"watch.service", "alone.service"});
    world.die("watch.service", ExitCause::success);
    CHECK(world.asked == Strings{"watch.service", "alone.service", "clock.service"});
    world.die("clock.service", ExitCause::success);
    CHECK(world.asked.back() == "log.service"); // though only a target stands between the two
    CHECK_FALSE(world.supervisor->is_settled());
    world.die("alone.service", ExitCause::status);
    world.die("log.service", ExitCause::success);
    CHECK(world.supervisor->is_settled());
    world.advance(Duration::seconds(100));
    CHECK(world.killed.empty());
    CHECK(world.spawned.size() == 4); // nothing is restarted
}

TEST_CASE("behaviour 37: a service that does not end when it is asked is killed, and the others go on",
          "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("log", "");
    world.service("deaf", "After=log.service", "TimeoutStopSec=3");
    world.target("all", "Wants=log.service deaf.service");
    world.start("all.target");
    world.supervisor->stop_all(world.now);
    world.drain();
    world.advance(Duration::milliseconds(2999));
    CHECK(world.killed.empty());
    world.advance(Duration::milliseconds(1));
    CHECK(world.killed == Strings{"deaf.service"});
    CHECK(world.said(ActionKind::stop_timed_out) == Strings{"deaf.service"});
    CHECK(world.asked == Strings{"deaf.service"});
    world.die("deaf.service", ExitCause::killed);
    CHECK(world.asked == Strings{"deaf.service", "log.service"});
}

TEST_CASE("behaviour 37: what waits for its start or restart is not started any more", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("slow", "", "Type=notify");
    world.service("next", "After=slow.service", "");
    world.service("again", "", "Restart=always\nRestartSec=1");
    world.target("all", "Wants=slow.service next.service again.service");
    world.start("all.target");
    world.die("again.service", ExitCause::fault);
    world.supervisor->stop_all(world.now);
    world.drain();
    world.die("slow.service", ExitCause::success);
    CHECK(world.supervisor->is_settled());
    world.advance(Duration::seconds(10));
    CHECK(world.spawned.size() == 2);
}
