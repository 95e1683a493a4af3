// SPDX-License-Identifier: BSD-2-Clause
// The loop of a pager: what one has to write is a class that answers faults.
//
//     struct MyPager {
//         Answer on_fault(const Fault& fault) { ... }
//         void on_answered(const Fault& fault, bool carried_out) { ... } // if it wants to know what became of its answer
//         std::optional<Message> handle(Incoming& incoming) { ... } // if it takes requests as well: see ipc/server.hpp
//         void handle_signal(Badge badge) { ... }
//     };
//     serve(desk, pager);
//
// When on_answered is called the next message is here already, in the IPC buffer too: it must make no system call.
// docs/how-to-write-a-pager.md walks through one.
#pragma once

#include <sys/ipc/server.hpp>
#include <sys/pager/desk.hpp>

namespace sys::pager {

template <class T>
concept FaultHandler = requires(T& pager, const Fault& fault) {
    { pager.on_fault(fault) } -> std::same_as<Answer>;
};

/// Serves what arrived, and receives the next.
template <FaultHandler P>
Received serve_one(Desk& desk, P& pager, const Received& received) {
    if (KeeperFault::is_one(received)) {
        const Fault fault = Fault::from(received, desk.reply());
        if (fault.info.repeats() > Desk::most_repeats)
            return desk.answer(Answer::deny(Denial::no_progress), fault.access());
        if (fault.is_settled())
            return desk.answer(Answer::retry(), fault.access());
        const Received next = desk.answer(pager.on_fault(fault), fault.access());
        if constexpr (requires { pager.on_answered(fault, true); })
            pager.on_answered(fault, desk.carried_out());
        return next;
    }
    if constexpr (ServerObject<P>) {
        const std::optional<Message> answer = sys::serve_one(pager, received);
        return answer ? desk.answer(*answer) : desk.receive();
    } else {
        return desk.answer(Message::of_error(Error(ErrorCode::unknown_request, received.label())));
    }
}

template <FaultHandler P>
[[noreturn]] void serve(Desk& desk, P& pager) {
    Received received = desk.receive();
    for (;;)
        received = serve_one(desk, pager, received);
}

} // namespace sys::pager
