// SPDX-License-Identifier: BSD-2-Clause
// DependencyGraph: who pulls in whom, who waits for whom, as the unit files say it. Once built it never has a cycle.
//
// Pulling in: Requires= (hard), Wants= (soft), and from the other side RequiredBy= and WantedBy=. Order: After=,
// Before=; and where the files give no order between two units, one that requires another starts after it, and a
// target comes after what it pulls in (unless DefaultDependencies=no). After= alone pulls nothing in.
#pragma once

#include <optional>
#include <servers/eclipse-systemd/list.hpp>
#include <servers/eclipse-systemd/unit_set.hpp>
#include <servers/eclipse-systemd/unit_table.hpp>

namespace systemd {

/// Units that each wait for the next, the last one for the first; and the wait that was given up.
struct Cycle {
    List<UnitIndex, max_units> members;
    UnitIndex later;   ///< this unit ...
    UnitIndex earlier; ///< ... no longer waits for this one
};

/// A unit file names a unit that does not exist.
struct MissingUnit {
    UnitIndex unit;
    Text name;
};

/// What a start of one unit involves.
struct Plan {
    UnitSet members;   ///< the unit and everything it pulls in
    UnitSet essential; ///< of these, the unit and what it needs by Requires= alone
    UnitSet dropped;   ///< left out because they conflict with a member
};

class DependencyGraph {
public:
    static constexpr size_t max_reported_cycles = 8;

    /// Reads the table, which must stay as it is from now on.
    explicit DependencyGraph(const UnitTable& units);

    UnitSet requirements(UnitIndex unit) const { return requirements_[unit.value]; }
    UnitSet wishes(UnitIndex unit) const { return wishes_[unit.value]; }
    /// Units that come before `unit` wherever both are started.
    UnitSet predecessors(UnitIndex unit) const { return predecessors_[unit.value]; }
    UnitSet conflicts(UnitIndex unit) const { return conflicts_[unit.value]; }
    /// Units that require `unit` directly.
    UnitSet dependants(UnitIndex unit) const;
    /// The name of a unit that `unit` requires and that does not exist, if there is one.
    std::optional<Text> missing_requirement(UnitIndex unit) const;

    Plan plan(UnitIndex root) const;
    /// `members` in an order that starts no unit before its predecessors.
    List<UnitIndex, max_units> start_order(UnitSet members) const;

    const List<Cycle, max_reported_cycles>& cycles() const { return cycles_; }
    size_t cycle_count() const { return cycle_count_; }

private:
    void read_files();
    void add_orders_between();
    void order_unless_opposed(UnitIndex later, UnitIndex earlier);
    void break_cycles();
    void break_one(UnitSet stuck);
    UnitSet all() const;

    const UnitTable& units_;
    UnitSet requirements_[max_units];
    UnitSet wishes_[max_units];
    UnitSet predecessors_[max_units];
    UnitSet conflicts_[max_units];
    UnitSet explicit_order_[max_units]; ///< the part of predecessors_ that stands in a file
    List<MissingUnit, max_units> missing_;
    List<Cycle, max_reported_cycles> cycles_;
    size_t cycle_count_ = 0;
};

} // namespace systemd
