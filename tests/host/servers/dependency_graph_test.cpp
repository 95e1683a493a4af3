// SPDX-License-Identifier: BSD-2-Clause
// The dependency graph: what is pulled in, in which order, and what happens to cycles.
#include <algorithm>
#include <catch.hpp>
#include <memory>
#include <random>
#include <servers/eclipse-systemd/dependency_graph.hpp>
#include <string>
#include <tests/host/servers/seed_units.hpp>
#include <tests/host/servers/unit_world.hpp>

using namespace systemd;

namespace {

using Strings = std::vector<std::string>;

size_t position(const Strings& order, const std::string& name) {
    return static_cast<size_t>(std::find(order.begin(), order.end(), name) - order.begin());
}

} // namespace

TEST_CASE("R27, behaviour 31: the start order comes from the files", "[systemd][graph]") {
    UnitWorld world;
    world.service("c", "After=b.service");
    world.service("a", "Before=b.service");
    world.service("b", "");
    world.build();
    CHECK(world.order() == Strings{"a.service", "b.service", "c.service"});
}

TEST_CASE("graph: After= orders but pulls nothing in, Wants= pulls in but does not order", "[systemd][graph]") {
    UnitWorld world;
    world.service("a", "After=b.service\nWants=c.service");
    world.service("b", "");
    world.service("c", "");
    world.build();
    CHECK(world.members("a.service") == Strings{"a.service", "c.service"});
    CHECK(world.graph->predecessors(world["a.service"]) == UnitSet::of(world["b.service"]));
}

TEST_CASE("graph: what is required comes first, unless the files say otherwise", "[systemd][graph]") {
    UnitWorld world;
    world.service("a", "Requires=b.service");
    world.service("b", "");
    world.service("c", "Requires=d.service\nBefore=d.service");
    world.service("d", "");
    world.build();
    CHECK(world.graph->predecessors(world["a.service"]).has(world["b.service"]));
    CHECK(world.graph->predecessors(world["c.service"]).empty());
    CHECK(world.graph->predecessors(world["d.service"]).has(world["c.service"]));
    CHECK(world.graph->cycle_count() == 0);
}

TEST_CASE("graph: [Install] makes the members of a target, which comes after them", "[systemd][graph]") {
    UnitWorld world;
    world.service("a", "", "", "[Install]\nWantedBy=x.target\n");
    world.service("b", "", "", "[Install]\nRequiredBy=x.target\n");
    world.service("late", "After=x.target", "", "[Install]\nWantedBy=x.target\n");
    world.build();
    CHECK(world.members("x.target") == Strings{"a.service", "b.service", "late.service", "x.target"});
    const UnitIndex target = world["x.target"];
    CHECK(world.graph->requirements(target) == UnitSet::of(world["b.service"]));
    CHECK(world.graph->predecessors(target) == (UnitSet::of(world["a.service"]) | UnitSet::of(world["b.service"])));
    CHECK(world.graph->cycle_count() == 0);
}

TEST_CASE("behaviour 32: graphical pulls multi-user pulls basic, with the units of the original tree",
          "[systemd][graph]") {
    UnitWorld world;
    for (const auto& file : seed_units::files)
        world.file(file.name, file.text);
    world.build();
    const Strings members = world.members("graphical.target");
    CHECK(members.size() == 7 + 4); // all units; basic, multi-user, hardware and graphical
    const Strings order = world.order("graphical.target");
    for (const char* early : {"basic.target", "multi-user.target", "hardware.target", "eclipse-cosmic.service"})
        CHECK(position(order, early) < position(order, "graphical.target"));
    CHECK(position(order, "basic.target") < position(order, "network.service"));
    CHECK(position(order, "network.service") < position(order, "eclipse-shell.service"));
    CHECK(position(order, "drm-init.service") < position(order, "hardware.target"));
    CHECK(position(order, "hardware.target") < position(order, "eclipse-wayland.service"));
    CHECK(position(order, "eclipse-wayland.service") < position(order, "eclipse-cosmic.service"));
    CHECK(world.members("multi-user.target") ==
          Strings{"basic.target", "eclipse-shell.service", "multi-user.target", "network.service", "syslog.service"});
    CHECK(world.graph->cycle_count() == 0);
}

TEST_CASE("behaviour 31: a cycle is reported with its members and broken", "[systemd][graph]") {
    UnitWorld world;
    world.service("a", "After=b.service");
    world.service("b", "After=c.service");
    world.service("c", "After=a.service");
    world.service("outside", "After=a.service");
    world.build();
    REQUIRE(world.graph->cycle_count() == 1);
    const Cycle& cycle = world.graph->cycles()[0];
    Strings members;
    for (const UnitIndex unit : cycle.members)
        members.emplace_back(world.table[unit].name);
    std::sort(members.begin(), members.end());
    CHECK(members == Strings{"a.service", "b.service", "c.service"});
    CHECK(world.order().size() == 4);
    CHECK_FALSE(world.graph->predecessors(cycle.later).has(cycle.earlier));
}

TEST_CASE("graph: a cycle gives way where no Requires= stands behind the order", "[systemd][graph]") {
    UnitWorld world;
    world.service("a", "Requires=b.service\nAfter=b.service");
    world.service("b", "After=a.service");
    world.build();
    REQUIRE(world.graph->cycle_count() == 1);
    CHECK(world.order() == Strings{"b.service", "a.service"});
}

TEST_CASE("graph: of two members in conflict the one that nobody requires stays out", "[systemd][graph]") {
    UnitWorld world;
    world.target("x", "Wants=soft.service\nRequires=hard.service");
    world.service("soft", "Conflicts=hard.service");
    world.service("hard", "");
    world.target("y", "Wants=p.service q.service");
    world.service("p", "");
    world.service("q", "Conflicts=p.service\nWants=r.service");
    world.service("r", "");
    world.build();
    CHECK(world.members("x.target") == Strings{"hard.service", "x.target"});
    CHECK(world.members("y.target") == Strings{"p.service", "y.target"});
    CHECK(world.graph->plan(world["y.target"]).dropped == UnitSet::of(world["q.service"]));
}

TEST_CASE("graph: a requirement that does not exist is known by name", "[systemd][graph]") {
    UnitWorld world;
    world.service("a", "Requires=ghost.service\nWants=other-ghost.service");
    world.build();
    CHECK(world.graph->missing_requirement(world["a.service"]) == "ghost.service");
}

TEST_CASE("behaviour 31: random graphs are ordered, and cycles reported exactly when there are any",
          "[systemd][graph]") {
    const unsigned seed = GENERATE(range(1u, 41u));
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const size_t count = 2 + random() % 60;
    const size_t edges = random() % (2 * count);
    std::vector<std::string> lines(count);
    std::vector<std::vector<size_t>> before(count); // before[i]: what i waits for
    for (size_t i = 0; i < edges; ++i) {
        const size_t later = random() % count;
        const size_t earlier = random() % count;
        if (later == earlier)
            continue;
        if (random() % 2 == 0)
            lines[later] += "After=u" + std::to_string(earlier) + ".service\n";
        else
            lines[earlier] += "Before=u" + std::to_string(later) + ".service\n";
        before[later].push_back(earlier);
    }
    UnitWorld world;
    bool fits = true; // lists longer than max_names are refused; such a draw proves nothing
    for (size_t i = 0; i < count; ++i)
        fits = world.try_service("u" + std::to_string(i), lines[i]) && fits;
    if (!fits)
        return;
    world.build();

    const Strings order = world.order();
    REQUIRE(order.size() == count);
    size_t violated = 0;
    for (size_t later = 0; later < count; ++later) {
        for (const size_t earlier : before[later]) {
            const bool kept = position(order, "u" + std::to_string(earlier) + ".service") <
                              position(order, "u" + std::to_string(later) + ".service");
            violated += !kept;
        }
    }
    // A slow and obvious test for cycles: reachability by repeated squaring of the relation.
    std::vector<std::vector<bool>> reach(count, std::vector<bool>(count));
    for (size_t i = 0; i < count; ++i)
        for (const size_t j : before[i])
            reach[i][j] = true;
    for (size_t k = 0; k < count; ++k)
        for (size_t i = 0; i < count; ++i)
            for (size_t j = 0; j < count; ++j)
                reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
    bool cyclic = false;
    for (size_t i = 0; i < count; ++i)
        cyclic = cyclic || reach[i][i];

    CHECK((world.graph->cycle_count() > 0) == cyclic);
    if (!cyclic)
        CHECK(violated == 0);
    for (const Cycle& cycle : world.graph->cycles()) {
        REQUIRE(cycle.members.size() >= 2);
        for (const UnitIndex unit : cycle.members) {
            const size_t i = std::stoul(std::string(world.table[unit].name.substr(1)));
            CHECK(reach[i][i]); // every member is really on a cycle
        }
    }
}
