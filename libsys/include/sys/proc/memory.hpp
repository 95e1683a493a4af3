// SPDX-License-Identifier: BSD-2-Clause
// A process's own memory: requests to the pager, numbered, so that a pager that dies in between does nothing twice.
#pragma once

#include <atomic>
#include <sys/cap/cnode.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/pager.hpp>

namespace sys::memory {

namespace pager = protocol::pager;

/// A number that this process has not used before, for a request to the pager.
inline Word next_request() {
    static constinit std::atomic<Word> last = 0;
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// Sends a request that has a number.
template <Request R, class... Capabilities>
Result<typename R::Reply> request(R wanted, Capabilities... capabilities) {
    wanted.request = next_request();
    return call(Endpoint(slot::pager), wanted, capabilities...);
}

/// Zeroed memory; address 0: anywhere. Returns where it is.
inline Result<Word> map(Word size, Word address = 0, Word options = 0) {
    const auto mapped =
        TRY(request(pager::MapAnonymous{.address = address, .size = size, .options = options, .request = 0}));
    return mapped.address;
}
/// The region that starts at `address` goes.
inline Result<void> unmap(Word address) {
    TRY(request(pager::Unmap{.address = address, .request = 0}));
    return {};
}

/// A new memory object; its capability lands in the empty slot `into` of this process.
inline Result<Word> create_object(Word size, Word into) {
    const pager::CreateObject wanted{.size = size, .request = next_request()};
    return TRY(call_for(Endpoint(slot::pager), wanted, Object(slot::cnode), into)).reply.object;
}
/// Maps all of a memory object whose capability this process holds. Returns where it is.
inline Result<Word> map_object(pager::MemoryObject object, Word rights = pager::access::write, Word options = 0) {
    const auto mapped = TRY(request(pager::MapObject{.rights = rights, .options = options}, object));
    return mapped.address;
}

/// How the pager shall treat a range of this process; pages that it did something with.
inline Result<Word> advise(Word address, Word size, pager::Advice advice) {
    return TRY(call(Endpoint(slot::pager), pager::Advise{address, size, static_cast<Word>(advice)})).pages;
}

} // namespace sys::memory
