// SPDX-License-Identifier: BSD-2-Clause
// Unit: what one unit file says, in the words of eclipse-systemd's grammar (docs/reference/units.md).
#pragma once

#include <optional>
#include <servers/eclipse-systemd/list.hpp>
#include <servers/eclipse-systemd/text.hpp>
#include <servers/eclipse-systemd/time.hpp>
#include <stdint.h>

namespace systemd {

enum class UnitKind : uint8_t { service, target };

/// When a service counts as started.
enum class ServiceType : uint8_t {
    simple,  ///< as soon as its process exists
    idle,    ///< the same, but its process is made only when no other start is under way
    notify,  ///< when it says so by message
    oneshot, ///< when its process has ended with status 0
    forking, ///< when its first process has ended with status 0, having named its main process by message
};

/// systemd's seven words; which ends of a process each one answers with a new start is in restart_policy.hpp.
enum class RestartPolicy : uint8_t { no, on_success, on_failure, on_abnormal, on_watchdog, on_abort, always };

/// x86 I/O ports `first` to `last`, both included.
struct IoPortRange {
    uint16_t first = 0;
    uint16_t last = 0;
    constexpr bool operator==(const IoPortRange&) const = default;
};

/// Physical addresses of a device, whole pages, half-open.
struct MemoryRange {
    uint64_t first = 0;
    uint64_t end = 0;
    constexpr bool operator==(const MemoryRange&) const = default;
};

inline constexpr size_t max_names = 16; ///< unit names in one list
inline constexpr size_t max_words = 16; ///< words of a command, or variables of an environment
using NameList = List<Text, max_names>;
using WordList = List<Text, max_words>;

inline constexpr Duration default_start_timeout = Duration::seconds(90);
inline constexpr Duration default_stop_timeout = Duration::seconds(2);
inline constexpr unsigned default_start_limit = 5;
inline constexpr Duration default_start_limit_interval = Duration::seconds(10);

struct ServicePart {
    ServiceType type = ServiceType::simple;
    RestartPolicy restart = RestartPolicy::no;
    WordList command;     ///< ExecStart: path and arguments
    Text reload_command;  ///< ExecReload, as written
    WordList environment; ///< NAME=value each; those of all Environment= lines together
    Text user;
    Text group;
    Text working_directory;
    std::optional<Duration> restart_delay; ///< RestartSec; none: back-off (restart_policy.hpp)
    Duration start_timeout = default_start_timeout;
    Duration stop_timeout = default_stop_timeout; ///< from being asked to end to being killed
    Duration watchdog = Duration::infinite(); ///< longest silence of an active service
    bool remain_after_exit = false;
};

inline constexpr uint32_t min_untyped_quota = 16 << 10, max_untyped_quota = 16 << 20; ///< bytes

/// [Capabilities]: what a driver is given beyond what every process has.
struct CapabilityPart {
    std::optional<IoPortRange> io_ports;
    std::optional<uint8_t> interrupt; ///< pin of the first I/O APIC
    bool swap = false;                ///< its memory stays, and it may offer swap to the pager
    uint32_t untyped_quota = 0;       ///< bytes for kernel objects of its own; 0: the default
    std::optional<MemoryRange> device_memory;
    uint8_t dma_pages = 0;            ///< memory that devices read and write
    uint8_t kept_pages = 0;           ///< memory that outlives the service's process, and is there again for the next
};

struct Unit {
    Text name; ///< with its suffix: clock.service
    UnitKind kind = UnitKind::service;
    bool implied = false; ///< no file: a target that another unit names
    Text description;
    Text documentation;
    NameList after;
    NameList before;
    NameList requirements; ///< Requires
    NameList wishes;       ///< Wants
    NameList conflicts;
    NameList wanted_by;
    NameList required_by;
    bool default_dependencies = true;
    unsigned start_limit = default_start_limit; ///< restarts without a healthy run between them
    Duration start_limit_interval = default_start_limit_interval; ///< a run this long is healthy
    ServicePart service;
    CapabilityPart capabilities;
};

} // namespace systemd
