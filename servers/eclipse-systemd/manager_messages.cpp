// SPDX-License-Identifier: BSD-2-Clause
// What reaches PID 1: requests of services, signals of the process service.
#include <servers/eclipse-systemd/manager.hpp>
#include <servers/eclipse-systemd/manager_slots.hpp>
#include <servers/eclipse-systemd/report.hpp>
#include <sys/util/log.hpp>

namespace systemd {

namespace {

namespace protocol = sys::protocol::service_manager;
using sys::Empty;
using sys::Result;
using sys::Word;

constexpr Word exit_badge = sys::signal_badge_bit | 1;
constexpr Word alarm_badge = sys::signal_badge_bit | 2;

constexpr sys::CNode own(sys::slot::cnode);
constexpr sys::Endpoint endpoint(sys::slot::endpoint);
constexpr sys::Reply reply(sys::slot::reply);

Result<Empty> accepted(bool is_current) {
    if (!is_current)
        return protocol::Error::stale_process;
    return Empty{};
}

} // namespace

Result<void> Manager::open() {
    const sys::SlotRef signal = own.at(sys::slot::notification);
    TRY(own.at(manager_slot::exit_signal).mint_from(signal, sys::Rights::write(), exit_badge));
    TRY(own.at(manager_slot::alarm_signal).mint_from(signal, sys::Rights::write(), alarm_badge));
    TRY(processes_.watch_exits(sys::Notification(manager_slot::exit_signal)));
    sys::set_receive_slot(own, manager_slot::incoming, abi::word_bits);
    return {};
}

/// Sends the answer that is due, waits for what comes next, and handles it.
void Manager::step() {
    if (answer_has_capability_) {
        sys::MessageWriter writer; // only now: every call since has spoilt the IPC buffer
        static_cast<void>(writer.capability(sys::Object(manager_slot::answer)));
        answer_ = writer.finish(0);
    }
    const sys::Received received = answer_ ? endpoint.reply_receive(*answer_, reply) : endpoint.receive(reply);
    if (answer_has_capability_)
        static_cast<void>(own.at(manager_slot::answer).remove());
    answer_has_capability_ = false;
    answer_.reset();
    is_first_wave_ = is_wave_announced_ = false;
    if ((received.badge.value & sys::signal_badge_bit) != 0)
        handle_signal(received.badge);
    else
        answer_ = handle(received);
}

std::optional<sys::Message> Manager::handle(const sys::Received& received) {
    sys::Incoming incoming(received);
    const Word badge = received.badge.value;
    const UnitIndex unit{protocol::unit_of_badge(badge)};
    if (badge == 0 || unit.value >= units_.size())
        return sys::Message::of_error(sys::ErrorCode::not_permitted);
    const auto answer = handle_request(incoming, unit, protocol::incarnation_of_badge(badge));
    // Whatever came along and was not taken goes: the next message needs the slot.
    if (incoming.capabilities() != 0)
        static_cast<void>(own.at(manager_slot::incoming).remove());
    return answer;
}

std::optional<sys::Message> Manager::handle_request(sys::Incoming& incoming, UnitIndex unit, uint32_t incarnation) {
    const Instant now = processes_.now();
    return sys::Dispatch(incoming)
        .on<protocol::Ready>([&](const auto&) { return accepted(supervisor_.ready(unit, incarnation, now)); })
        .on<protocol::Alive>([&](const auto&) { return accepted(supervisor_.alive(unit, incarnation, now)); })
        .on<protocol::MainProcess>([&](const protocol::MainProcess& request) {
            return accepted(supervisor_.main_process(unit, incarnation, request.pid));
        })
        .on<protocol::Publish>([&](const protocol::Publish& request) -> Result<Empty> {
            if (supervisor_.status(unit).incarnation != incarnation)
                return protocol::Error::stale_process;
            return publish(incoming, unit, request);
        })
        .on<protocol::Connect>([&](const protocol::Connect& request) { return connect(incoming.badge(), request); })
        .on<protocol::IsAlive>([&](const protocol::IsAlive& request) -> Result<protocol::IsAlive::Reply> {
            return protocol::IsAlive::Reply{is_alive(request.badge)};
        })
        .answer();
}

/// Whether the process with this badge is the one that its unit has now.
bool Manager::is_alive(Word badge) const {
    const UnitIndex unit{protocol::unit_of_badge(badge)};
    if (badge == 0 || unit.value >= units_.size())
        return false;
    const UnitStatus& status = supervisor_.status(unit);
    return status.pid != 0 && status.incarnation == protocol::incarnation_of_badge(badge);
}

Result<Empty> Manager::publish(const sys::Incoming& incoming, UnitIndex unit, const protocol::Publish& request) {
    if (incoming.capabilities() == 0)
        return protocol::Error::no_capability;
    const size_t place = TRY(names_.publish(request.name, unit));
    const sys::SlotRef kept = own.at(manager_slot::first_name + place);
    static_cast<void>(kept.remove()); // of the service's earlier process
    if (const auto moved = kept.move_from(own.at(manager_slot::incoming)); !moved) {
        names_.forget(place);
        return moved.error();
    }
    return Empty{};
}

/// The capability itself is put into the answer when it is sent.
Result<Empty> Manager::connect(sys::Badge client, const protocol::Connect& request) {
    const size_t place = TRY(names_.find(request.name));
    const auto rights = sys::Rights::write() | sys::Rights::grant_reply();
    const sys::SlotRef published = own.at(manager_slot::first_name + place);
    if (!own.at(manager_slot::answer).mint_from(published, rights, client.value))
        return protocol::Error::no_such_name;
    answer_has_capability_ = true;
    return Empty{};
}

void Manager::handle_signal(sys::Badge badge) {
    if ((badge.value & alarm_badge) == alarm_badge)
        alarm_ = Instant::never();
    if ((badge.value & sys::stop_badge_bit) != 0)
        begin_shutdown();
    reap();
    const Instant now = processes_.now();
    supervisor_.tick(now);
    heartbeat(now);
}

/// Every child that has ended, our services and those that others left to us.
void Manager::reap() {
    while (const auto end = processes_.next_end()) {
        const bool is_service = supervisor_.died(end->pid, end->cause, end->when);
        carry_out();
        if (!is_service)
            sys::log("[REAPED] PID {}", end->pid);
        report::end_of_process(*end);
    }
}

} // namespace systemd
