// SPDX-License-Identifier: BSD-2-Clause
// Nothing in a message is trusted: every length and every number is checked before it is used.
#include <servers/sample-driver/device.hpp>
#include <servers/sample-driver/service.hpp>

namespace sample_driver {

Service::Service(sys::Replies& replies) : replies_(replies), ports_(device::first_port) {}

sys::Result<void> Service::start() {
    TRY(interrupt_.connect());
    ports_.out8(device::control, device::rate_generator);
    ports_.out8(device::channel_0, device::divisor & 0xff);
    ports_.out8(device::channel_0, device::divisor >> 8);
    return {};
}

void Service::handle_signal(sys::Badge badge) {
    if (!interrupt_.is_in(badge))
        return;
    static_cast<void>(interrupt_.acknowledge()); // edge-triggered: first this, then what the device has
    ++ticks_;
    tick_.raise();
}

std::optional<sys::Message> Service::handle(sys::Incoming& incoming) {
    return sys::Dispatch(incoming)
        .on<Count>([&](const Count&) { return sys::Result<Count::Reply>(Count::Reply{ticks_, device::hertz}); })
        .on<Wait>([&](const Wait& request) { return wait(incoming.badge(), request); })
        .answer();
}

std::optional<sys::Message> Service::wait(sys::Badge caller, const Wait& request) {
    if (request.ticks > Wait::max_ticks)
        return sys::Message::of_error(sys::Error(Error::too_long, Wait::max_ticks));
    sys::Result<sys::PendingReply> kept = replies_.keep(caller);
    if (!kept)
        return sys::Message::of_error(kept.error());
    answer_after(request.ticks, kept.take());
    return std::nullopt;
}

sys::Task Service::answer_after(Word ticks, sys::PendingReply caller) {
    for (const Word end = ticks_ + ticks; ticks_ < end;)
        co_await tick_;
    caller.answer(sys::Result<Wait::Reply>(Wait::Reply{ticks_}));
}

} // namespace sample_driver
