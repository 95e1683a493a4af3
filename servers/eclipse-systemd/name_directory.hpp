// SPDX-License-Identifier: BSD-2-Clause
// NameDirectory: who publishes which name, and in which slot of PID 1 the capability lies. Pure: it moves no capability.
#pragma once

#include <optional>
#include <servers/eclipse-systemd/unit_set.hpp>
#include <sys/protocol/service_manager.hpp>
#include <sys/result.hpp>

namespace systemd {

class NameDirectory {
public:
    static constexpr size_t capacity = 32;
    static constexpr size_t most_per_unit = 4; ///< so that none takes the names of all
    using Name = sys::protocol::service_manager::Name;

    /// Gives the name to `unit` and returns its place (0 .. capacity-1), where its capability is to be kept; the same
    /// place again if the unit has the name already. bad_name, name_taken, too_many_names.
    sys::Result<size_t> publish(const Name& name, UnitIndex unit);
    /// The place of a name, or no_such_name.
    sys::Result<size_t> find(const Name& name) const;
    /// Takes a name back.
    void forget(size_t place) { entries_[place] = {}; }

private:
    struct Entry {
        Name name; ///< empty: free
        UnitIndex unit{};
    };
    Entry entries_[capacity] = {};
};

} // namespace systemd
