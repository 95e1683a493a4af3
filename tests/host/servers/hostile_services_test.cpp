// SPDX-License-Identifier: BSD-2-Clause
// What a service may not do to others through PID 1.
#include <catch.hpp>
#include <servers/eclipse-systemd/name_directory.hpp>
#include <tests/host/servers/supervisor_world.hpp>

using namespace systemd;

TEST_CASE("supervisor: no service can name another one's process as its own", "[systemd][supervisor]") {
    SupervisorWorld world;
    world.service("victim", "", "Type=simple");
    world.service("thief", "", "Type=forking");
    world.service("other", "", "Type=forking");
    for (const char* name : {"victim.service", "thief.service", "other.service"})
        world.start(name);
    const auto names = [&](const char* unit, Pid pid) {
        return world.supervisor->main_process(world[unit], world.status(unit).incarnation, pid);
    };
    CHECK_FALSE(names("thief.service", world.status("victim.service").pid));
    CHECK(names("other.service", 5000));
    CHECK_FALSE(names("thief.service", 5000));
    CHECK(names("thief.service", 5001));
}

TEST_CASE("names: a unit has a few, and leaves the others theirs", "[systemd][names]") {
    namespace protocol = sys::protocol::service_manager;
    using Name = NameDirectory::Name;
    NameDirectory names;
    for (size_t i = 0; i < NameDirectory::most_per_unit; ++i)
        CHECK(names.publish(Name::of("n" + std::to_string(i)), {0}));
    CHECK(names.publish(Name::of("more"), {0}).error() == protocol::Error::too_many_names);
    CHECK(names.publish(Name::of("n0"), {0}));
    CHECK(names.publish(Name::of("more"), {1}));
}
