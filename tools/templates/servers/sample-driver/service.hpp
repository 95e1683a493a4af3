// SPDX-License-Identifier: BSD-2-Clause
// Service: the driver. It knows nothing of how it is started, so that the host tests run it as it is, with a device of theirs.
#pragma once

#include <servers/sample-driver/protocol.hpp>
#include <sys/driver/interrupt.hpp>
#include <sys/driver/ports.hpp>
#include <sys/server/replies.hpp>
#include <sys/server/task.hpp>

namespace sample_driver {

class Service {
public:
    static constexpr size_t max_tasks = sys::Replies::capacity; ///< each has a caller

    explicit Service(sys::Replies& replies);

    /// Takes the interrupt, then sets the device going.
    sys::Result<void> start();
    std::optional<sys::Message> handle(sys::Incoming& incoming);
    void handle_signal(sys::Badge badge);

private:
    /// Runs beside the server's loop: waits for interrupts, then answers.
    sys::Task answer_after(Word ticks, sys::PendingReply caller);
    std::optional<sys::Message> wait(sys::Badge caller, const Wait& request);

    sys::Replies& replies_;
    sys::DevicePorts ports_;
    sys::Interrupt interrupt_{0};
    sys::Event tick_;
    Word ticks_ = 0;
};

} // namespace sample_driver
