// SPDX-License-Identifier: BSD-2-Clause
// Loads every unit file of a directory of the boot archive; a bad one is skipped, said and counted.
#pragma once

#include <servers/eclipse-systemd/unit_table.hpp>
#include <sys/archive/cpio.hpp>

namespace systemd {

inline constexpr Text unit_directory = "etc/eclipse/systemd/system";

struct LoadCount {
    size_t loaded = 0;
    size_t refused = 0;
    bool directory_found = false;
};

/// What is said about one file: an error, or a warning.
struct LoadRemark {
    Text file; ///< name without directory
    const UnitError* error = nullptr;
    const Warning* warning = nullptr;
};

/// Files of other kinds than .service and .target, and what lies in subdirectories, are none of its business.
LoadCount load_units(const sys::archive::Archive& archive, UnitTable& table, void (*remark)(const LoadRemark&));

} // namespace systemd
