// SPDX-License-Identifier: BSD-2-Clause
// A hostile client: `attacker ORDER VICTIM`. The victim's endpoint is in its fixed slot, or in that of the service manager, or
// is asked for there. Ends with 0 when it has done its worst; some orders never end.
#include <abi/fault.hpp>
#include <string_view>
#include <sys/cap/notification.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/memory.hpp>
#include <sys/proc/service.hpp>
#include <sys/protocol/console.hpp>
#include <sys/protocol/process.hpp>
#include <tests/system/process/attack.hpp>

namespace {

using sys::Word;

struct Victim {
    std::string_view name;
    Word slot;
    sys::Protocol protocol;
};
constexpr Victim victims[] = {{"process", sys::slot::process_service, sys::Protocol::process},
                              {"pager", sys::slot::pager, sys::Protocol::pager},
                              {"console", sys::slot::console, sys::Protocol::console},
                              {"manager", sys::slot::service_manager, sys::Protocol::service_manager},
                              {"log", sys::slot::service_manager, sys::Protocol::log},
                              {"clock", sys::slot::service_manager, sys::Protocol::clock},
                              {"sample-server", sys::slot::first_free, sys::protocol_named("sample-server", 1)},
                              {"sample-driver", sys::slot::first_free, sys::protocol_named("sample-driver", 1)}};

constexpr Word last_fault_label = static_cast<Word>(abi::Fault::keeper_fault);

/// A minute, if its structure asks for that.
constexpr Word driver_wait = sys::request_label(sys::protocol_named("sample-driver", 1), 1);

/// What ends the caller (a message to the pager that looks like a fault does), or is answered late, as it must be.
bool is_harmless(Word label) {
    return label > last_fault_label && label != sys::protocol::process::Exit::label &&
           label != sys::protocol::console::ReadLine::label && label != driver_wait;
}

/// Every message is answered, whatever it is.
int call(sys::Endpoint server, attack::Messages& messages, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
        static_cast<void>(server.call(messages.next()));
    return 0;
}

/// Nobody is there to be answered.
int send(sys::Endpoint server, attack::Messages& messages, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
        server.send(messages.next());
    return 0;
}

[[noreturn]] void wait_for_ever() {
    for (;;)
        static_cast<void>(sys::Notification(sys::slot::notification).wait());
}

/// Until a tenth of all pages is free.
int fill_memory() {
    constexpr Word page = 4096, size = Word{1} << 30, step = 64;
    const auto at = sys::memory::map(size);
    for (Word touched = 0; at && touched < size / page; ++touched) {
        *reinterpret_cast<volatile uint8_t*>(*at + touched * page) = 1;
        if (touched % step != 0)
            continue;
        const auto now = sys::call(sys::Endpoint(sys::slot::pager), sys::protocol::pager::Statistics{});
        if (!now)
            return 8;
        if (now->pages_free < now->pages_total / 10)
            return 0;
    }
    return 9;
}

int run(std::string_view order, const Victim& victim) {
    constexpr unsigned count = 2000;
    const sys::Endpoint server(victim.slot);
    if (victim.slot == sys::slot::first_free && !sys::service::connect(victim.name, victim.slot))
        return 5;
    attack::Messages messages(victim.protocol, is_harmless, order.size() * 1000 + victim.name.size());
    if (order == "call")
        return call(server, messages, count);
    if (order == "send")
        return send(server, messages, count);
    if (order == "flood")
        for (;;)
            call(server, messages, count);
    if (order == "forge") { // page faults that are none; 4: they were answered
        for (const abi::Fault fault : {abi::Fault::vm_fault, abi::Fault::keeper_fault})
            server.call({abi::MessageInfo(static_cast<Word>(fault), 4), 1, 0x40'0000, Word{1} << 14, 4});
        return 4;
    }
    if (order == "smuggle") { // a capability that nobody asked for, with a request whose answer has one
        const sys::protocol::pager::CreateObject request{.size = 4096};
        sys::raw::ipc_buffer()->caps_or_badges[0] = sys::slot::endpoint; // sys::call would not let it
        if (server.call(sys::pack(request.label, request, 1)).label() != 0)
            return 6;
        wait_for_ever(); // what was sent goes when its owner goes
    }
    if (order == "watch") { // to signal this would be to wait for somebody who never receives
        const sys::protocol::pager::WatchPressure request;
        if (!sys::call(server, request, sys::Signal(sys::slot::endpoint)))
            return 7;
        wait_for_ever();
    }
    if (order == "fill")
        return fill_memory();
    if (order == "read") { // waits until it is killed; 3: not even that
        const auto line = sys::call_with_payload(server, sys::protocol::console::ReadLine{}, {});
        return line ? 0 : 3;
    }
    return 2;
}

} // namespace

extern "C" int main(int argc, char** argv, char**) {
    if (argc < 3)
        return 2;
    for (const Victim& victim : victims)
        if (victim.name == argv[2])
            return run(argv[1], victim);
    return 2;
}
