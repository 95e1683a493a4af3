// SPDX-License-Identifier: BSD-2-Clause
// The words and numbers that may stand behind = in a unit file.
#pragma once

#include <optional>
#include <servers/eclipse-systemd/text.hpp>
#include <servers/eclipse-systemd/unit.hpp>

namespace systemd {

/// yes/true/on/1, no/false/off/0.
std::optional<bool> parse_boolean(Text text);

/// A number of bytes with K (1024) or M (1024 * 1024) behind it, `least` to `most`.
std::optional<uint32_t> parse_size(Text text, uint32_t least, uint32_t most);

/// `0xfirst-0xlast`, both included, of whole pages of 4 KiB below 2^47.
std::optional<MemoryRange> parse_memory_range(Text text);

/// `5` (seconds), `5s`, `250ms`, `1min 30s`, `infinity`. Units: us, ms, s, sec, m, min, h.
std::optional<Duration> parse_duration(Text text);

/// The words of Type=, but for dbus, which is known and refused elsewhere.
std::optional<ServiceType> parse_service_type(Text text);

std::optional<RestartPolicy> parse_restart_policy(Text text);
/// The word that parse_restart_policy() understands.
const char* to_word(RestartPolicy policy);

/// `first-last` or a single port, decimal or 0x-hexadecimal.
std::optional<IoPortRange> parse_io_ports(Text text);

/// service or target, by the suffix of a unit's name; nothing if it is no unit name: letters, digits and `-_.@:`
/// before the suffix.
std::optional<UnitKind> unit_kind_of(Text name);

} // namespace systemd
