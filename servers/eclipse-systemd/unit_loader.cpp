// SPDX-License-Identifier: BSD-2-Clause
// From the archive's entries to the unit table.
#include <servers/eclipse-systemd/unit_loader.hpp>

namespace systemd {

namespace {

/// The name of a unit file directly in the unit directory; empty for anything else.
Text unit_file_name(Text path) {
    if (!path.starts_with(unit_directory))
        return {};
    path.remove_prefix(unit_directory.size());
    if (!path.starts_with('/'))
        return {};
    path.remove_prefix(1);
    const bool is_unit = path.ends_with(".service") || path.ends_with(".target");
    return is_unit && path.find('/') == Text::npos ? path : Text();
}

/// True if the unit was taken.
bool load_one(Text name, Text text, UnitTable& table, void (*remark)(const LoadRemark&)) {
    Warnings warnings;
    const auto error = table.load(name, text, warnings);
    for (const Warning& warning : warnings.first)
        remark({.file = name, .warning = &warning});
    if (error)
        remark({.file = name, .error = &*error});
    return !error;
}

} // namespace

LoadCount load_units(const sys::archive::Archive& archive, UnitTable& table, void (*remark)(const LoadRemark&)) {
    LoadCount count;
    auto entries = archive.entries();
    sys::archive::Entry entry;
    while (entries.next(entry)) {
        if (entry.name == unit_directory && entry.kind == sys::archive::Kind::directory)
            count.directory_found = true;
        const Text name = unit_file_name(entry.name);
        if (name.empty())
            continue;
        count.directory_found = true; // archives may leave out the entries of directories
        const auto file = archive.resolve(entry.name);
        if (!file || file->kind != sys::archive::Kind::file) {
            const UnitError error{UnitFault::not_a_file, 0};
            remark({.file = name, .error = &error});
            ++count.refused;
            continue;
        }
        if (load_one(name, file->text(), table, remark))
            ++count.loaded;
        else
            ++count.refused;
    }
    return count;
}

} // namespace systemd
