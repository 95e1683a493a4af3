// SPDX-License-Identifier: BSD-2-Clause
// A table small enough to be searched.
#include <servers/eclipse-systemd/name_directory.hpp>

namespace systemd {

namespace {

using Error = sys::protocol::service_manager::Error;

bool is_name(const NameDirectory::Name& name) {
    const auto text = name.view();
    for (const char c : text) {
        if (c <= ' ' || c > '~')
            return false;
    }
    return !text.empty() && text.size() < NameDirectory::Name::capacity;
}

} // namespace

sys::Result<size_t> NameDirectory::publish(const Name& name, UnitIndex unit) {
    if (!is_name(name))
        return Error::bad_name;
    std::optional<size_t> free;
    size_t held = 0;
    for (size_t i = 0; i < capacity; ++i) {
        const Entry& entry = entries_[i];
        held += !entry.name.view().empty() && entry.unit == unit ? 1 : 0;
        if (entry.name.view().empty()) {
            if (!free)
                free = i;
        } else if (entry.name.view() == name.view()) {
            if (entry.unit == unit)
                return i;
            return Error::name_taken;
        }
    }
    if (!free || held >= most_per_unit)
        return Error::too_many_names;
    entries_[*free] = {Name::of(name.view()), unit};
    return *free;
}

sys::Result<size_t> NameDirectory::find(const Name& name) const {
    for (size_t i = 0; i < capacity; ++i) {
        if (!name.view().empty() && entries_[i].name.view() == name.view())
            return i;
    }
    return Error::no_such_name;
}

} // namespace systemd
