// SPDX-License-Identifier: BSD-2-Clause
// UnitTable: all units that are loaded, with the text they refer to. A bad file leaves it as it was.
#pragma once

#include <optional>
#include <servers/eclipse-systemd/list.hpp>
#include <servers/eclipse-systemd/text.hpp>
#include <servers/eclipse-systemd/unit.hpp>
#include <servers/eclipse-systemd/unit_error.hpp>
#include <servers/eclipse-systemd/unit_parser.hpp>
#include <servers/eclipse-systemd/unit_set.hpp>

namespace systemd {

class UnitTable {
public:
    UnitTable() {}
    UnitTable(const UnitTable&) = delete;
    UnitTable& operator=(const UnitTable&) = delete;

    /// Parses `file` and adds it. `name` without its directory.
    std::optional<UnitError> load(Text name, Text file, Warnings& warnings);

    /// Adds a target without a file for every name of a target that stands in some WantedBy=, RequiredBy=, Requires=
    /// or Wants= and has none, and for those the targets that they stand on (multi-user on basic and so on).
    /// False if the table became full.
    bool add_implied_targets();

    size_t size() const { return units_.size(); }
    const Unit& operator[](UnitIndex index) const { return units_[index.value]; }
    std::optional<UnitIndex> find(Text name) const;
    /// Units that came from files.
    size_t loaded() const { return loaded_; }

private:
    std::optional<UnitIndex> imply(Text name);

    List<Unit, max_units> units_;
    size_t loaded_ = 0;
    TextStore store_;
};

} // namespace systemd
