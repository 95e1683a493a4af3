// SPDX-License-Identifier: BSD-2-Clause
// The Service object on the host, under sanitizers: sys::host::Rig plays the kernel.
#include <catch.hpp>
#include <servers/sample-server/service.hpp>
#include <servers/sample-server/tests/conversation.hpp>
#include <sys/host/rig.hpp>

using namespace sample_server;

TEST_CASE("sample-server: keeps what it promises its clients", "[sample-server]") {
    Service service;
    sys::host::Rig rig(service);
    converse(Client(rig.connect(1)), [](const char* what, bool holds) {
        INFO(what);
        CHECK(holds);
    });
}

TEST_CASE("sample-server: clients do not see each other's tally", "[sample-server]") {
    Service service;
    sys::host::Rig rig(service);
    const Client first(rig.connect(1));
    const Client second(rig.connect(2));
    CHECK(*first.add(5) == 5);
    CHECK(*second.add(1) == 1);
    CHECK(*first.add(0) == 5);
}

TEST_CASE("sample-server: a malformed request is answered with an error", "[sample-server]") {
    Service service;
    sys::host::Rig rig(service);
    const sys::Endpoint server = rig.connect(1);
    CHECK(server.call(sys::Message::of_label(Add::label)).label() == static_cast<Word>(sys::ErrorCode::bad_message));
    const Word unknown = sys::request_label(protocol, 99);
    CHECK(server.call(sys::Message::of_label(unknown)).label() == static_cast<Word>(sys::ErrorCode::unknown_request));
}
