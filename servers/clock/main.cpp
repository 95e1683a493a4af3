// SPDX-License-Identifier: BSD-2-Clause
// The clock service: a driver in user space. It owns the clock's two ports and its interrupt line by capability, tells
// the time of day, and lets the log service know once a minute.
#include <servers/clock/rtc.hpp>
#include <sys/cap/io_port.hpp>
#include <sys/cap/irq.hpp>
#include <sys/proc/service.hpp>
#include <sys/protocol/clock.hpp>
#include <sys/protocol/log.hpp>
#include <sys/server/run.hpp>
#include <sys/util/log.hpp>

namespace clock_service {

namespace {

namespace slot = sys::slot;
using sys::Result;
using sys::Word;

constexpr Word signal_slot = slot::first_free;  ///< our notification, with the badge that interrupts bring
constexpr Word log_slot = slot::first_free + 1; ///< the log service, if there is one
constexpr Word interrupt_badge = sys::signal_badge_bit | 1;
constexpr Word seconds_per_report = 60;

/// The ports through the kernel. A refusal reads as 0xff, which is what a missing device reads as.
class CapabilityPorts {
public:
    uint8_t in(uint16_t port) { return sys::IoPorts(slot::io_ports).in8(port).value_or(0xff); }
    void out(uint16_t port, uint8_t value) { static_cast<void>(sys::IoPorts(slot::io_ports).out8(port, value)); }
};

std::string_view to_text(const DateTime& time, std::span<char> storage) {
    return sys::format(storage, "{:04}-{:02}-{:02} {:02}:{:02}:{:02}", time.year, time.month, time.day, time.hour,
                       time.minute, time.second);
}

class Server {
public:
    Server() : rtc_(ports_) {}

    Result<void> start();
    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        return sys::Dispatch(incoming)
            .on<sys::protocol::clock::Now>([&](const sys::protocol::clock::Now&) { return answer(); })
            .answer();
    }
    void handle_signal(sys::Badge badge);

private:
    Result<sys::protocol::clock::Now::Reply> answer();
    void report();

    CapabilityPorts ports_;
    Rtc<CapabilityPorts> rtc_;
    Word interrupts_ = 0;
    bool has_log_ = false;
};

/// Interrupts reach the same loop as requests: the notification is bound to this thread.
Result<void> Server::start() {
    const sys::CNode own(slot::cnode);
    TRY(own.at(signal_slot).mint_from(own.at(slot::notification), sys::Rights::all(), interrupt_badge));
    const sys::IrqHandler line(slot::irq_handler);
    TRY(line.set_notification(sys::Notification(signal_slot)));
    TRY(line.acknowledge());
    rtc_.enable_update_interrupts();
    has_log_ = sys::service::connect("log", log_slot).is_ok();
    return {};
}

void Server::handle_signal(sys::Badge badge) {
    if ((badge.value & interrupt_badge) != interrupt_badge)
        return;
    // In this order: an edge that comes while the pin is masked is lost, and the device sends no further one.
    static_cast<void>(sys::IrqHandler(slot::irq_handler).acknowledge());
    rtc_.take_interrupt();
    if (++interrupts_ % seconds_per_report == 0)
        report();
}

Result<sys::protocol::clock::Now::Reply> Server::answer() {
    const auto time = rtc_.now();
    if (!time)
        return sys::ErrorCode::busy;
    return sys::protocol::clock::Now::Reply{to_unix_seconds(*time), interrupts_};
}

void Server::report() {
    const auto time = rtc_.now();
    if (!time)
        return;
    char storage[32];
    char line[64];
    const std::string_view text =
        sys::format(line, "{} after {} clock interrupts", to_text(*time, storage), interrupts_);
    sys::protocol::log::Write record;
    record.priority = static_cast<Word>(sys::protocol::log::Priority::notice);
    const bool logged = has_log_ && sys::call_with_payload(sys::Endpoint(log_slot), record, sys::Payload(text)).is_ok();
    if (!logged)
        sys::log("[CLOCK-SERVICE] {}", text);
}

int run() {
    static Server server;
    CapabilityPorts ports;
    const auto time = Rtc(ports).now();
    if (!time) {
        sys::log("[CLOCK-SERVICE] no real-time clock answers at ports 0x70-0x71");
        return 1;
    }
    if (const auto started = server.start(); !started) {
        sys::log("[CLOCK-SERVICE] cannot take the clock's interrupt: {}", started.error());
        return 1;
    }
    char storage[32];
    sys::log("[CLOCK-SERVICE] The time is {} UTC; one interrupt a second", to_text(*time, storage));
    if (const auto published = sys::service::publish("clock"); !published)
        sys::log("[CLOCK-SERVICE] cannot be found by others: {}", published.error());
    if (const auto told = sys::service::report_ready(); !told)
        sys::log("[CLOCK-SERVICE] no service manager: {}", told.error());
    return sys::service::serve_until_asked_to_end(server);
}

} // namespace

} // namespace clock_service

extern "C" int main(int, char**, char**) { return clock_service::run(); }
