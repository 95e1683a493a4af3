// SPDX-License-Identifier: BSD-2-Clause
// Notification: a word of badges OR-ed together, and whoever waits for it to become non-zero.
#pragma once

#include <abi/object.hpp>
#include <sys/cap/object.hpp>

namespace sys {

/// The end of a notification that may only be signalled: what is handed to others.
class Signal : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::notification;
    using Object::Object;

    /// ORs this capability's badge in, or wakes a waiter with it. Never blocks.
    void signal() const {
        raw::Registers registers{slot(), 0};
        raw::enter(abi::Syscall::send, registers);
    }
    /// As signal, for a capability that somebody else has sent: if it is no notification but, say, an endpoint where nobody
    /// receives, the caller does not block.
    void signal_untrusted() const {
        raw::Registers registers{slot(), 0};
        raw::enter(abi::Syscall::nb_send, registers);
    }
};

/// Bits that are set by signals and taken by whoever waits.
class Notification : public Signal {
public:
    using Signal::Signal;

    /// Waits until a badge is there; returns and clears it.
    Badge wait() const {
        raw::Registers registers{slot(), 0};
        raw::enter(abi::Syscall::wait, registers);
        return Badge{registers.target};
    }
    /// The badges so far, 0 if none; clears them.
    Badge poll() const {
        raw::Registers registers{slot(), 0};
        raw::enter(abi::Syscall::nb_wait, registers);
        return Badge{registers.target};
    }
};

} // namespace sys
