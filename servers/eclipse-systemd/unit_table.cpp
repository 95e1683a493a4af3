// SPDX-License-Identifier: BSD-2-Clause
// Loading units, and the targets that nobody wrote down.
#include <servers/eclipse-systemd/unit_table.hpp>
#include <servers/eclipse-systemd/values.hpp>

namespace systemd {

namespace {

struct StandardTarget {
    const char* name;
    const char* description;
    const char* requirement; ///< empty: none
};

constexpr StandardTarget standard_targets[] = {
    {"basic.target", "Basic system", ""},
    {"multi-user.target", "Multi-user system", "basic.target"},
    {"graphical.target", "Graphical system", "multi-user.target"},
    {"rescue.target", "Rescue console", ""},
};

} // namespace

std::optional<UnitIndex> UnitTable::find(Text name) const {
    for (uint16_t i = 0; i < units_.size(); ++i) {
        if (units_[i].name == name)
            return UnitIndex{i};
    }
    return std::nullopt;
}

std::optional<UnitError> UnitTable::load(Text name, Text file, Warnings& warnings) {
    warnings = Warnings{};
    if (find(name))
        return UnitError{UnitFault::duplicate_unit, 0};
    if (!units_.push(Unit{}))
        return UnitError{UnitFault::too_many_units, 0};
    const auto error = parse_unit(name, file, store_, units_.back(), warnings);
    if (error)
        units_.drop_back();
    else
        ++loaded_;
    return error;
}

bool UnitTable::add_implied_targets() {
    // The table grows while it is gone through: an implied target may imply another one.
    for (uint16_t i = 0; i < units_.size(); ++i) {
        const Unit& unit = units_[i];
        const NameList* lists[] = {&unit.requirements, &unit.wishes, &unit.wanted_by, &unit.required_by};
        for (const NameList* list : lists) {
            for (const Text name : *list) {
                if (unit_kind_of(name) == UnitKind::target && !find(name) && !imply(name))
                    return false;
            }
        }
    }
    return true;
}

std::optional<UnitIndex> UnitTable::imply(Text name) {
    const UnitIndex index{static_cast<uint16_t>(units_.size())};
    if (!units_.push(Unit{}))
        return std::nullopt;
    Unit& unit = units_.back();
    unit.name = name;
    unit.kind = UnitKind::target;
    unit.implied = true;
    unit.description = "Target without a file";
    for (const auto& standard : standard_targets) {
        if (name != standard.name)
            continue;
        unit.description = standard.description;
        const Text requirement = standard.requirement;
        if (!requirement.empty())
            static_cast<void>(unit.requirements.push(requirement)); // the list is empty
    }
    return index;
}

} // namespace systemd
