// SPDX-License-Identifier: BSD-2-Clause
// Protocol between the pager and a swap server: a store of pages, numbered from 0. A page travels through the memory object
// that the server handed over (AttachSwap in protocol/pager.hpp). The pager decides which slot holds what; the server keeps
// no account, and must never call the pager while it serves.
#pragma once

#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sys::protocol::swap {

enum class Error : Word {
    no_such_slot = protocol_error_base(Protocol::swap),
    device_failed,
};

/// From the object into a slot.
struct Write {
    static constexpr Word label = request_label(Protocol::swap, 0);
    using Reply = Empty;
    Word slot = 0;
};
/// From a slot into the object.
struct Read {
    static constexpr Word label = request_label(Protocol::swap, 1);
    using Reply = Empty;
    Word slot = 0;
};

/// Sent, not called: the server is to offer its slots again (AttachSwap), with no other request in between.
struct Hello {
    static constexpr Word label = request_label(Protocol::swap, 2);
    using Reply = Empty;
};

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::no_such_slot: return "no such swap slot";
    case Error::device_failed: return "the device failed";
    }
    return "unknown error of the swap server";
}

} // namespace sys::protocol::swap
