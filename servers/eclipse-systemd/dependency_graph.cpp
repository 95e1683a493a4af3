// SPDX-License-Identifier: BSD-2-Clause
// Building the graph from the unit files, breaking its cycles, and planning a start.
#include <servers/eclipse-systemd/dependency_graph.hpp>

namespace systemd {

DependencyGraph::DependencyGraph(const UnitTable& units) : units_(units) {
    read_files();
    add_orders_between();
    break_cycles();
}

UnitSet DependencyGraph::all() const { return UnitSet::first(units_.size()); }

void DependencyGraph::read_files() {
    const auto each = [this](const NameList& names, auto&& use) {
        for (const Text name : names) {
            if (const auto other = units_.find(name))
                use(*other);
        }
    };
    for (const UnitIndex unit : all()) {
        const Unit& file = units_[unit];
        const uint16_t i = unit.value;
        each(file.requirements, [&](UnitIndex other) { requirements_[i].add(other); });
        each(file.wishes, [&](UnitIndex other) { wishes_[i].add(other); });
        each(file.required_by, [&](UnitIndex other) { requirements_[other.value].add(unit); });
        each(file.wanted_by, [&](UnitIndex other) { wishes_[other.value].add(unit); });
        each(file.after, [&](UnitIndex other) { explicit_order_[i].add(other); });
        each(file.before, [&](UnitIndex other) { explicit_order_[other.value].add(unit); });
        each(file.conflicts, [&](UnitIndex other) {
            if (other == unit)
                return;
            conflicts_[i].add(other);
            conflicts_[other.value].add(unit);
        });
        for (const Text name : file.requirements) {
            if (!units_.find(name))
                static_cast<void>(missing_.push({unit, name})); // one a unit is enough
        }
    }
    for (const UnitIndex unit : all()) {
        requirements_[unit.value].remove(unit);
        wishes_[unit.value].remove(unit);
        predecessors_[unit.value] = explicit_order_[unit.value];
    }
}

void DependencyGraph::order_unless_opposed(UnitIndex later, UnitIndex earlier) {
    if (!explicit_order_[earlier.value].has(later))
        predecessors_[later.value].add(earlier);
}

void DependencyGraph::add_orders_between() {
    for (const UnitIndex unit : all()) {
        for (const UnitIndex other : requirements_[unit.value])
            order_unless_opposed(unit, other);
        if (units_[unit].kind != UnitKind::target || !units_[unit].default_dependencies)
            continue;
        for (const UnitIndex other : wishes_[unit.value]) {
            if (units_[other].default_dependencies)
                order_unless_opposed(unit, other);
        }
    }
}

/// Takes away, again and again, the units that wait for nobody; where none is left but units are, there is a cycle.
void DependencyGraph::break_cycles() {
    UnitSet left = all();
    while (!left.empty()) {
        UnitSet free;
        for (const UnitIndex unit : left) {
            if ((predecessors_[unit.value] & left).empty())
                free.add(unit);
        }
        if (free.empty())
            break_one(left);
        left = left - free;
    }
}

/// Every unit in `stuck` waits for another one in it: following the waits must come back to a unit seen before.
void DependencyGraph::break_one(UnitSet stuck) {
    List<UnitIndex, max_units> path;
    UnitSet seen;
    UnitIndex at = *stuck.begin();
    while (!seen.has(at)) {
        seen.add(at);
        static_cast<void>(path.push(at)); // at most once per unit
        at = *(predecessors_[at.value] & stuck).begin();
    }
    Cycle cycle;
    bool inside = false;
    for (const UnitIndex unit : path) {
        inside = inside || unit == at;
        if (inside)
            static_cast<void>(cycle.members.push(unit));
    }
    // An order that is only our default gives way first, then one that no Requires= stands behind, then the last.
    const size_t count = cycle.members.size();
    int best = -1;
    for (size_t i = 0; i < count; ++i) {
        const UnitIndex later = cycle.members[i];
        const UnitIndex earlier = cycle.members[(i + 1) % count];
        const int merit = !explicit_order_[later.value].has(earlier) ? 2 : !requirements_[later.value].has(earlier);
        if (merit < best)
            continue;
        best = merit;
        cycle.later = later;
        cycle.earlier = earlier;
    }
    predecessors_[cycle.later.value].remove(cycle.earlier);
    static_cast<void>(cycles_.push(cycle)); // when full, the count still grows
    ++cycle_count_;
}

UnitSet DependencyGraph::dependants(UnitIndex unit) const {
    UnitSet set;
    for (const UnitIndex other : all()) {
        if (requirements_[other.value].has(unit))
            set.add(other);
    }
    return set;
}

std::optional<Text> DependencyGraph::missing_requirement(UnitIndex unit) const {
    for (const MissingUnit& missing : missing_) {
        if (missing.unit == unit)
            return missing.name;
    }
    return std::nullopt;
}

namespace {

/// `root` and everything that `next` leads to from it, without what is in `barred`.
template <class Next>
UnitSet closure(UnitIndex root, UnitSet barred, Next next) {
    UnitSet reached = UnitSet::of(root);
    for (UnitSet fresh = reached; !fresh.empty();) {
        UnitSet further;
        for (const UnitIndex unit : fresh)
            further = further | next(unit);
        fresh = further - reached - barred;
        reached = reached | fresh;
    }
    return reached;
}

} // namespace

Plan DependencyGraph::plan(UnitIndex root) const {
    Plan plan;
    const auto hard = [this](UnitIndex unit) { return requirements_[unit.value]; };
    const auto any = [this](UnitIndex unit) { return requirements_[unit.value] | wishes_[unit.value]; };
    plan.essential = closure(root, {}, hard);
    plan.members = closure(root, {}, any);
    // Of two members in conflict the inessential one is left out, of two such the later one in the table. Two
    // essential ones stay: the files contradict themselves, and running both is the lesser evil (docs say so).
    for (bool changed = true; changed;) {
        changed = false;
        for (const UnitIndex unit : plan.members - plan.essential) {
            const UnitSet rivals = conflicts_[unit.value] & plan.members;
            const bool loses = !(rivals & plan.essential).empty() || (!rivals.empty() && *rivals.begin() < unit);
            if (!loses)
                continue;
            plan.dropped.add(unit);
            plan.members = closure(root, plan.dropped, any);
            changed = true;
            break;
        }
    }
    return plan;
}

List<UnitIndex, max_units> DependencyGraph::start_order(UnitSet members) const {
    List<UnitIndex, max_units> order;
    UnitSet left = members;
    while (!left.empty()) {
        UnitSet placed;
        for (const UnitIndex unit : left) {
            if (!(predecessors_[unit.value] & left).empty())
                continue;
            static_cast<void>(order.push(unit)); // each member once
            placed.add(unit);
        }
        left = left - placed;
    }
    return order;
}

} // namespace systemd
