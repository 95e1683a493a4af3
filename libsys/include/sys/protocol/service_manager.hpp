// SPDX-License-Identifier: BSD-2-Clause
// Protocol of the service manager (eclipse-systemd): a service reports how it is, publishes what it serves, and finds
// what others have published.
//
// Badge: which unit, and which of its processes (service_badge): what an earlier process of the unit left behind counts
// no more. A unit starts this protocol with the capability in slot::service_manager.
#pragma once

#include <string_view>
#include <sys/cap/endpoint.hpp>
#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sys::protocol::service_manager {

enum class Error : Word {
    stale_process = protocol_error_base(Protocol::service_manager), ///< from a process that is no unit's any more
    bad_name, ///< empty, or not all printable characters
    name_taken, ///< another unit publishes this name
    no_such_name, ///< nobody publishes it (yet)
    too_many_names,
    no_capability, ///< the request needs one with it
    last,
};

/// A name under which a service is published, zero-terminated.
struct Name {
    static constexpr size_t capacity = 24;
    char text[capacity] = {};

    static constexpr Name of(std::string_view from) {
        Name name;
        if (from.size() < capacity)
            from.copy(name.text, from.size()); // else it stays empty, which is refused
        return name;
    }
    constexpr std::string_view view() const {
        size_t size = 0;
        while (size < capacity && text[size] != '\0')
            ++size;
        return {text, size};
    }
    constexpr bool operator==(const Name&) const = default;
};

/// The service is ready: Type=notify waits for this.
struct Ready {
    static constexpr Word label = request_label(Protocol::service_manager, 0);
    using Reply = Empty;
};

/// The service is well: WatchdogSec= waits for this.
struct Alive {
    static constexpr Word label = request_label(Protocol::service_manager, 1);
    using Reply = Empty;
};

/// Type=forking: the process that is to be watched from now on.
struct MainProcess {
    static constexpr Word label = request_label(Protocol::service_manager, 2);
    using Reply = Empty;
    Word pid = 0;
};

/// With an endpoint capability (unbadged, with grant): others may connect to it under this name. A new process of the
/// same unit replaces what the earlier one published.
struct Publish {
    static constexpr Word label = request_label(Protocol::service_manager, 3);
    using Carries = CapabilityList<Endpoint>;
    using Reply = Empty;
    Name name;
};

/// Reply: a capability to the endpoint published under this name, with the caller's own badge.
struct Connect {
    static constexpr Word label = request_label(Protocol::service_manager, 4);
    using Brings = Endpoint;
    using Reply = Empty;
    Name name;
};

/// Whether the process that a badge was given to is still its unit's and lives: for servers that keep something for it.
struct IsAlive {
    static constexpr Word label = request_label(Protocol::service_manager, 5);
    struct Reply {
        Word alive = 0; ///< 1 or 0
    };
    Word badge = 0;
};

/// Unit `unit` of the manager's table, its `incarnation`th process.
constexpr Word service_badge(uint16_t unit, uint32_t incarnation) {
    return Word{incarnation} << 16 | static_cast<Word>(unit + 1u);
}
constexpr uint16_t unit_of_badge(Word badge) { return static_cast<uint16_t>((badge & 0xffff) - 1); }
constexpr uint32_t incarnation_of_badge(Word badge) { return static_cast<uint32_t>(badge >> 16); }

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::stale_process: return "this process is no unit's any more";
    case Error::bad_name: return "not a name";
    case Error::name_taken: return "another unit publishes this name";
    case Error::no_such_name: return "nobody publishes this name";
    case Error::too_many_names: return "too many names";
    case Error::no_capability: return "the request needs a capability";
    case Error::last: break;
    }
    return "unknown error of the service manager";
}

static_assert(Request<Ready> && Request<Publish> && Request<Connect> && Request<IsAlive>);
static_assert(unit_of_badge(service_badge(7, 3)) == 7 && incarnation_of_badge(service_badge(7, 3)) == 3);
static_assert((service_badge(0xfffe, 0xffff'ffff) & signal_badge_bit) == 0);

} // namespace sys::protocol::service_manager
