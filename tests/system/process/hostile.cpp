// SPDX-License-Identifier: BSD-2-Clause
// Stands in for eclipse-systemd as PID 1, starts the shipped services, and sets hostile clients on every server. After each
// attack the victim must serve as before; the second wave must leave memory and processes as the first one did.
#include <string_view>
#include <sys/cap/cnode.hpp>
#include <sys/cap/notification.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/clock.hpp>
#include <sys/protocol/console.hpp>
#include <sys/protocol/inspection.hpp>
#include <sys/protocol/log.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/protocol/service_manager.hpp>
#include <sys/util/log.hpp>

namespace {

namespace process = sys::protocol::process;
namespace pager = sys::protocol::pager;
namespace manager = sys::protocol::service_manager;
using sys::Word;

const sys::Endpoint process_service(sys::slot::process_service);
const sys::Endpoint pager_service(sys::slot::pager);
const sys::Endpoint console(sys::slot::console);
const sys::CNode own(sys::slot::cnode);
constexpr Word exits = sys::slot::first_free; ///< our notification with a badge
constexpr Word outgoing = exits + 1; ///< a capability for a child, while it is sent
constexpr Word incoming = exits + 2; ///< a capability of a child
constexpr Word log_slot = exits + 3;
constexpr Word clock_slot = exits + 4;
constexpr Word pressure_slot = exits + 5; ///< our notification with another badge
constexpr Word exit_badge = sys::signal_badge_bit | 1;
constexpr Word pressure_badge = 2;
Word badges_seen = 0;

unsigned passed = 0;
unsigned failed = 0;

void report(bool good, std::string_view name, Word detail = 0) {
    if (good)
        sys::log("PASS {}", name);
    else
        sys::log("FAIL {}: {:#x}", name, detail);
    ++(good ? passed : failed);
}

/// Starts a program with the capability in `endpoint`, badged, in its slot of the service manager.
sys::Result<Word> start(std::string_view path, std::string_view order, std::string_view victim, sys::Endpoint endpoint,
                        process::Spawn grants = {}) {
    process::SpawnTexts texts;
    texts.set_path(path);
    for (const std::string_view word : {path, order, victim})
        texts.add_argument(word);
    process::Spawn request = texts.request();
    request.grants = grants.grants;
    request.first_port = grants.first_port;
    request.last_port = grants.last_port;
    request.pin = grants.pin;
    request.quota_pages = grants.quota_pages;
    static Word badge = 0;
    const auto rights = sys::Rights::write() | sys::Rights::grant() | sys::Rights::grant_reply();
    TRY(own.at(outgoing).mint_from(own.at(endpoint.slot()), rights, manager::service_badge(0, ++badge & 0xffff)));
    const auto answer =
        sys::call_with_payload(process_service, request, sys::Payload(texts.payload()), {}, sys::Endpoint(outgoing));
    TRY(own.at(outgoing).remove());
    if (!answer)
        return answer.error();
    return answer->reply.pid;
}

process::NextExit::Reply wait_for_end() {
    for (;;) {
        const auto end = sys::call(process_service, process::NextExit{});
        if (!end || end->pid != 0)
            return end ? *end : process::NextExit::Reply{};
        badges_seen |= sys::Notification(sys::slot::notification).wait().value;
    }
}

process::NextExit::Reply kill(Word pid) {
    if (!sys::call(process_service, process::Kill{pid}))
        return {};
    return wait_for_end();
}

/// Is what a service manager is to a service until that is ready; what it publishes is then in `slot`.
sys::Result<void> start_service(std::string_view path, Word slot, process::Spawn grants = {}) {
    TRY(start(path, "service", "", sys::Endpoint(sys::slot::endpoint), grants));
    const sys::Endpoint endpoint(sys::slot::endpoint);
    const sys::Reply reply(sys::slot::reply);
    for (;;) {
        sys::set_receive_slot(own, incoming, abi::word_bits);
        const sys::Received received = endpoint.receive(reply);
        sys::clear_receive_slot();
        const Word label = received.label();
        if (label == manager::Publish::label)
            TRY(own.at(slot).move_from(own.at(incoming)));
        const bool known = label == manager::Publish::label || label == manager::Ready::label;
        reply.send(known ? sys::Message::of_label(0) : sys::Message::of_error(manager::Error::no_such_name));
        if (label == manager::Ready::label)
            return {};
    }
}

struct Victim {
    std::string_view name;
    sys::Endpoint
        given; ///< to the attacker, in its slot of the service manager; those that every process has need none
    bool (*serves)();
};

constexpr sys::Endpoint nothing(sys::slot::endpoint); ///< where nobody serves

const Victim victims[] = {
    {"process", nothing, [] { return sys::call(process_service, process::Uptime{}).is_ok(); }},
    {"pager", nothing, [] { return sys::call(pager_service, pager::Statistics{}).is_ok(); }},
    {"console", nothing,
     [] {
         return sys::call_with_payload(console, sys::protocol::console::Write{}, sys::Payload("still here")).is_ok();
     }},
    {"log", sys::Endpoint(log_slot),
     [] {
         return sys::call_with_payload(sys::Endpoint(log_slot), sys::protocol::log::Write{6}, sys::Payload("x"))
             .is_ok();
     }},
    {"clock", sys::Endpoint(clock_slot),
     [] {
         const auto now = sys::call(sys::Endpoint(clock_slot), sys::protocol::clock::Now{});
         return now.is_ok() || now.error() == sys::ErrorCode::busy;
     }},
};

bool attack(const Victim& victim, std::string_view order) {
    const auto pid = start("/sbin/attacker", order, victim.name, victim.given);
    if (!pid)
        return false;
    const auto end = wait_for_end();
    return end.pid == *pid && end.cause == process::Cause::exited && end.status == 0 && victim.serves();
}

/// Several at once, killed wherever they are: waiting for an answer, most likely.
bool flood(const Victim& victim) {
    constexpr unsigned count = 4;
    Word floods[count];
    for (Word& pid : floods)
        pid = start("/sbin/attacker", "flood", victim.name, victim.given).value_or(0);
    bool good = attack(victim, "call"); // somebody else is served meanwhile
    for (const Word pid : floods)
        good = kill(pid).cause == process::Cause::killed && good;
    return good && victim.serves();
}

/// Readers that die while they wait must not keep others from waiting.
bool die_reading() {
    constexpr unsigned count = 3 * sys::slot::spare_reply_count;
    for (unsigned i = 0; i < count; ++i) {
        const Word reader = start("/sbin/attacker", "read", "console", nothing).value_or(0);
        static_cast<void>(attack(victims[0], "call")); // as long as that takes the reader has had its turn
        if (kill(reader).cause != process::Cause::killed)
            return false; // it was refused
    }
    return true;
}

/// A message to init that looks like a fault is taken for one: it ends its sender, and nobody else. The pager answers its own
/// clients' faults only: it refuses the message, or lets the sender try again.
bool forge() {
    const auto to_init = start("/sbin/attacker", "forge", "process", nothing);
    const auto end = wait_for_end();
    const auto to_pager = start("/sbin/attacker", "forge", "pager", nothing);
    const auto other_end = wait_for_end();
    constexpr Word answered = 4;
    return to_init && end.pid == *to_init && end.cause == process::Cause::faulted && victims[0].serves() && to_pager &&
           other_end.pid == *to_pager && other_end.cause == process::Cause::exited && other_end.status == answered &&
           victims[1].serves();
}

/// Those who watch are told that memory is short, whatever others sent before, or named to be told by.
bool pressure() {
    const auto smuggler = start("/sbin/attacker", "smuggle", "pager", nothing);
    static_cast<void>(attack(victims[0], "call")); // as long as that takes the smuggler has had its turn
    const bool watched = sys::call(pager_service, pager::WatchPressure{}, sys::Signal(pressure_slot)).is_ok();
    const auto watcher = start("/sbin/attacker", "watch", "pager", nothing);
    process::Spawn plenty;
    plenty.quota_pages = 60'000;
    badges_seen = sys::Notification(sys::slot::notification).poll().value & ~pressure_badge;
    const auto filler = start("/sbin/attacker", "fill", "pager", nothing, plenty);
    const auto filled = wait_for_end();
    badges_seen |= sys::Notification(sys::slot::notification).poll().value;
    const bool ended = watcher && kill(*watcher).cause == process::Cause::killed && smuggler &&
                       kill(*smuggler).cause == process::Cause::killed;
    return watched && filler && filled.pid == *filler && filled.status == 0 && ended &&
           (badges_seen & pressure_badge) != 0 && victims[1].serves();
}

struct Usage {
    Word pages = 0;
    Word processes = 0;
    Word slots_in_use = 0; ///< of all servers that are processes
    Word untyped_free = 0;
    bool operator==(const Usage&) const = default;
};
Usage usage() {
    const auto memory = sys::call(pager_service, pager::Statistics{});
    const auto list = sys::call(process_service, process::List{});
    const auto holdings = sys::call(process_service, process::Holdings{});
    Usage now{memory ? memory->pages_free : 0, list ? list->count : 0, 0, holdings ? holdings->untyped_free : 0};
    for (Word i = 0; holdings && i < holdings->count; ++i)
        now.slots_in_use += holdings->holders[i].slots_used;
    return now;
}

void wave(bool tell) {
    for (const Victim& victim : victims) {
        const bool called = attack(victim, "call");
        const bool sent = attack(victim, "send");
        const bool flooded = flood(victim);
        if (tell)
            sys::log("{} {}: hostile calls {}, sends {}, floods {}", called && sent && flooded ? "PASS" : "FAIL",
                     victim.name, called, sent, flooded);
        if (tell)
            ++(called && sent && flooded ? passed : failed);
    }
    const bool read = die_reading();
    const bool forged = forge();
    const bool told = pressure();
    if (tell)
        report(told, "memory pressure reaches those who watch, whatever others have sent");
    if (tell)
        report(forged, "who forges a fault ends itself alone");
    if (tell)
        report(read, "readers that die do not keep the console from others");
}

} // namespace

extern "C" int main(int, char**, char**) {
    static_cast<void>(own.at(exits).mint_from(own.at(sys::slot::notification), sys::Rights::all(), exit_badge));
    static_cast<void>(
        own.at(pressure_slot).mint_from(own.at(sys::slot::notification), sys::Rights::all(), pressure_badge));
    static_cast<void>(sys::call(process_service, process::WatchExits{}, sys::Signal(exits)));
    process::Spawn clock_grants;
    clock_grants.grants = process::grant::io_ports | process::grant::interrupt;
    clock_grants.first_port = 0x70;
    clock_grants.last_port = 0x71;
    clock_grants.pin = 8;
    report(start_service("/sbin/log", log_slot).is_ok(), "the log service is there");
    report(start_service("/sbin/clock", clock_slot, clock_grants).is_ok(), "the clock service is there");
    wave(false);
    for (unsigned i = 0; i < 300; ++i) // the log's pages come as its records do: all of them are in use now
        static_cast<void>(victims[3].serves());
    const Usage before = usage();
    wave(true);
    const Usage after = usage();
    report(before == after, "hostile clients leave memory, slots and processes as they were",
           before.pages - after.pages);
    sys::log("TESTS DONE {} passed {} failed", passed, failed);
    static_cast<void>(sys::call(process_service, process::PowerOff{}));
    return 0;
}
