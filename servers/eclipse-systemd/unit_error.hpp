// SPDX-License-Identifier: BSD-2-Clause
// Why a unit file is refused, each reason by its own name, and what is merely worth a warning.
#pragma once

#include <servers/eclipse-systemd/text.hpp>
#include <stdint.h>

namespace systemd {

enum class UnitFault : uint8_t {
    bad_file_name,      ///< neither .service nor .target, or characters that a name may not have
    not_a_file,         ///< a directory, or a link that leads nowhere
    file_too_big,       ///< above max_file_bytes
    bad_byte,           ///< a zero byte or another control character
    bad_section_line,   ///< [ without ]
    key_outside_section,
    missing_equals,
    line_too_long,      ///< with its continuation lines
    open_continuation,  ///< the file ends in a backslash
    open_quote,
    bad_escape,
    too_many_values,    ///< more names, words or variables than a unit may have
    too_much_text,      ///< all units together
    no_unit_section,
    no_service_or_install,
    no_description,
    empty_after,
    empty_before,
    empty_requires,
    empty_wants,
    empty_conflicts,
    empty_wanted_by,
    empty_required_by,
    empty_user,
    empty_group,
    bad_dependency_name,
    bad_type,
    no_bus,             ///< Type=dbus
    no_exec_start,
    second_exec_start,
    relative_exec_start,
    bad_environment,
    bad_restart,
    oneshot_restart,    ///< a oneshot that would restart for ever
    bad_time,
    bad_boolean,
    bad_number,
    bad_io_ports,
    bad_interrupt,
    bad_kept_pages,
    bad_untyped_quota,
    bad_device_memory,
    bad_dma_pages,
    service_in_target,  ///< [Service] or [Capabilities] in a .target
    duplicate_unit,
    too_many_units,
};

/// One sentence for people.
const char* describe(UnitFault fault);

struct UnitError {
    UnitFault fault = UnitFault::bad_byte;
    uint32_t line = 0; ///< from 1; 0: the file as a whole
    constexpr bool operator==(const UnitError&) const = default;
};

enum class WarningKind : uint8_t {
    unknown_section,
    unknown_key,
    without_effect, ///< understood, but nothing in this system answers to it yet
};

/// Keeps its own copy of what it is about: a line may be gone when somebody reads the warning.
class Warning {
public:
    constexpr Warning() = default;
    constexpr Warning(WarningKind kind, uint32_t line, Text subject) : kind_(kind), line_(line) {
        for (const char c : subject.substr(0, sizeof subject_))
            subject_[size_++] = c;
    }
    constexpr WarningKind kind() const { return kind_; }
    constexpr uint32_t line() const { return line_; }
    /// The section or key, cut to fit.
    constexpr Text subject() const { return {subject_, size_}; }

private:
    WarningKind kind_ = WarningKind::unknown_key;
    uint32_t line_ = 0;
    uint8_t size_ = 0;
    char subject_[40] = {};
};

const char* describe(WarningKind kind);

} // namespace systemd
