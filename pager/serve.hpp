// SPDX-License-Identifier: BSD-2-Clause
// The pager's loop: what arrives, and the answers as the kernel takes them. `Service` is a Server, or one that is watched.
#pragma once

#include <pager/capabilities.hpp>
#include <pager/server.hpp>
#include <sys/pager/fault.hpp>
#include <sys/proc/slots.hpp>

namespace pager {

constexpr bool is_same(Refusal ours, sys::pager::Denial of_the_kit) {
    return static_cast<Word>(ours) == static_cast<Word>(of_the_kit);
}
static_assert(is_same(Refusal::no_region, sys::pager::Denial::outside) &&
              is_same(Refusal::not_writable, sys::pager::Denial::not_writable) &&
              is_same(Refusal::not_executable, sys::pager::Denial::not_executable) &&
              is_same(Refusal::no_memory, sys::pager::Denial::no_memory) &&
              is_same(Refusal::guard_page, sys::pager::Denial::first_own));

/// The thread that waits could not be given its pages, or denied them: if it is still there it tries again.
inline sys::Received after_failure(const sys::PagerPort& port, const sys::Error& error) {
    return error == abi::Error::nobody_waits ? port.receive() : port.reply_receive({});
}

template <class Service>
sys::Received map_and_receive(const sys::PagerPort& port, Service& server, const Reaction& reaction) {
    sys::MapItem items[Reaction::max_pages];
    for (unsigned i = 0; i < reaction.page_count; ++i)
        items[i] = reaction.pages[i].item();
    unsigned mapped = 0;
    const auto next = port.map_receive({items, reaction.page_count}, &mapped);
    server.settle(reaction, next ? reaction.page_count : mapped);
    return next ? *next : after_failure(port, next.error());
}

inline sys::Received deny_and_receive(const sys::PagerPort& port, Refusal refusal) {
    const auto next = port.deny_receive(static_cast<uint8_t>(refusal));
    return next ? *next : after_failure(port, next.error());
}

/// Answers and receives in one system call, whatever the answer is. The stock of ready frames is filled before that, when
/// it is low: the one whose turn it is pays for the next fifteen.
template <class Service>
[[noreturn]] void serve(Service& server, Memory& memory) {
    const sys::PagerPort port{sys::Endpoint(sys::slot::endpoint), sys::Reply(sys::slot::reply)};
    capabilities::expect();
    capabilities::drop_received(); // what came for a predecessor comes again
    sys::Received received = port.receive();
    Reaction reaction;
    for (;;) {
        reaction.reset();
        server.handle(sys::Incoming(received), reaction);
        if (memory.is_stock_low() && !reaction.answer)
            memory.refill_stock();
        if (reaction.page_count != 0)
            received = map_and_receive(port, server, reaction);
        else if (reaction.refusal != Refusal::none)
            received = deny_and_receive(port, reaction.refusal);
        else
            received = port.reply_receive(*reaction.answer);
    }
}

} // namespace pager
