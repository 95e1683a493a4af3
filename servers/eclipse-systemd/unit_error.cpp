// SPDX-License-Identifier: BSD-2-Clause
// The sentences behind unit_error.hpp.
#include <servers/eclipse-systemd/unit_error.hpp>

namespace systemd {

const char* describe(UnitFault fault) {
    switch (fault) {
    case UnitFault::bad_file_name: return "not a unit file name";
    case UnitFault::not_a_file: return "not a file";
    case UnitFault::file_too_big: return "the file is too big for a unit";
    case UnitFault::bad_byte: return "a character that does not belong in a text file";
    case UnitFault::bad_section_line: return "a section line does not end in ]";
    case UnitFault::key_outside_section: return "a key before the first section";
    case UnitFault::missing_equals: return "a line without =";
    case UnitFault::line_too_long: return "the line is too long";
    case UnitFault::open_continuation: return "the file ends inside a continued line";
    case UnitFault::open_quote: return "a quote is not closed";
    case UnitFault::bad_escape: return "an unknown escape after a backslash";
    case UnitFault::too_many_values: return "too many values in one list";
    case UnitFault::too_much_text: return "no room left for the text of the units";
    case UnitFault::no_unit_section: return "no [Unit] section";
    case UnitFault::no_service_or_install: return "neither [Service] nor [Install] section";
    case UnitFault::no_description: return "no Description=";
    case UnitFault::empty_after: return "After= is empty";
    case UnitFault::empty_before: return "Before= is empty";
    case UnitFault::empty_requires: return "Requires= is empty";
    case UnitFault::empty_wants: return "Wants= is empty";
    case UnitFault::empty_conflicts: return "Conflicts= is empty";
    case UnitFault::empty_wanted_by: return "WantedBy= is empty";
    case UnitFault::empty_required_by: return "RequiredBy= is empty";
    case UnitFault::empty_user: return "User= is empty";
    case UnitFault::empty_group: return "Group= is empty";
    case UnitFault::bad_dependency_name: return "a dependency is neither a .service nor a .target";
    case UnitFault::bad_type: return "unknown Type=";
    case UnitFault::no_bus: return "Type=dbus needs a bus, and this system has none";
    case UnitFault::no_exec_start: return "no ExecStart=";
    case UnitFault::second_exec_start: return "more than one ExecStart=";
    case UnitFault::relative_exec_start: return "ExecStart= does not begin with an absolute path";
    case UnitFault::bad_environment: return "Environment= needs NAME=value";
    case UnitFault::bad_restart: return "unknown Restart=";
    case UnitFault::oneshot_restart: return "Type=oneshot allows neither Restart=always nor Restart=on-success";
    case UnitFault::bad_time: return "not a span of time";
    case UnitFault::bad_boolean: return "neither yes nor no";
    case UnitFault::bad_number: return "not a number in range";
    case UnitFault::bad_io_ports: return "IoPorts= needs first-last within 0-65535";
    case UnitFault::bad_interrupt: return "Interrupt= needs a pin, 0 to 239";
    case UnitFault::bad_kept_pages: return "KeptPages= needs a number of pages, 0 to 16";
    case UnitFault::bad_untyped_quota: return "UntypedQuota= needs a size, 16K to 16M";
    case UnitFault::bad_device_memory: return "DeviceMemory= needs first-last, physical addresses of whole pages";
    case UnitFault::bad_dma_pages: return "DmaPages= needs a number of pages, 0 to 16";
    case UnitFault::service_in_target: return "a target has no [Service] or [Capabilities] section";
    case UnitFault::duplicate_unit: return "a unit of this name is already loaded";
    case UnitFault::too_many_units: return "no room left for another unit";
    }
    return "unknown fault";
}

const char* describe(WarningKind kind) {
    switch (kind) {
    case WarningKind::unknown_section: return "unknown section, ignored:";
    case WarningKind::unknown_key: return "unknown key, ignored:";
    case WarningKind::without_effect: return "accepted, but without effect in this system:";
    }
    return "";
}

} // namespace systemd
