// SPDX-License-Identifier: BSD-2-Clause
// Units from a few lines each, for the tests of the graph and of the supervisor.
#pragma once

#include <algorithm>
#include <catch.hpp>
#include <memory>
#include <servers/eclipse-systemd/dependency_graph.hpp>
#include <servers/eclipse-systemd/supervisor.hpp>
#include <string>
#include <vector>

struct UnitWorld {
    std::unique_ptr<systemd::UnitTable> storage = std::make_unique<systemd::UnitTable>();
    systemd::UnitTable& table = *storage;
    std::unique_ptr<systemd::DependencyGraph> graph;

    bool try_file(std::string_view name, std::string_view text) {
        systemd::Warnings warnings;
        const auto error = table.load(name, text, warnings);
        return !error;
    }
    void file(std::string_view name, std::string_view text) { REQUIRE(try_file(name, text)); }
    bool try_service(const std::string& stem, const std::string& unit, const std::string& service = "",
                     const std::string& rest = "") {
        return try_file(stem + ".service", "[Unit]\nDescription=" + stem + "\n" + unit +
                                               "\n[Service]\nExecStart=/sbin/" + stem + "\n" + service + "\n" + rest);
    }
    void service(const std::string& stem, const std::string& unit, const std::string& service = "",
                 const std::string& rest = "") {
        REQUIRE(try_service(stem, unit, service, rest));
    }
    void target(const std::string& stem, const std::string& unit) {
        file(stem + ".target", "[Unit]\nDescription=" + stem + "\n" + unit + "\n");
    }
    void build() {
        REQUIRE(table.add_implied_targets());
        graph = std::make_unique<systemd::DependencyGraph>(table);
    }

    systemd::UnitIndex operator[](const std::string& name) const {
        const auto index = table.find(name);
        INFO(name);
        REQUIRE(index);
        return *index;
    }
    std::vector<std::string> names(const systemd::UnitSet& set) const {
        std::vector<std::string> result;
        for (const systemd::UnitIndex unit : set)
            result.emplace_back(table[unit].name);
        std::sort(result.begin(), result.end());
        return result;
    }
    std::vector<std::string> members(const std::string& root) const {
        return names(graph->plan((*this)[root]).members);
    }
    std::vector<std::string> order(const systemd::UnitSet& set) const {
        std::vector<std::string> result;
        for (const systemd::UnitIndex unit : graph->start_order(set))
            result.emplace_back(table[unit].name);
        return result;
    }
    std::vector<std::string> order(const std::string& root) const { return order(graph->plan((*this)[root]).members); }
    std::vector<std::string> order() const {
        systemd::UnitSet all;
        for (uint16_t i = 0; i < table.size(); ++i)
            all.add({i});
        return order(all);
    }
};
