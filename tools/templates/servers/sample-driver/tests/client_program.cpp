// SPDX-License-Identifier: BSD-2-Clause
// The system test's program: a client of the running driver. Ends with 0 if all went as expected.
#include <servers/sample-driver/tests/conversation.hpp>
#include <sys/proc/slots.hpp>
#include <sys/util/log.hpp>

extern "C" int main(int, char**, char**) {
    const auto client = sample_driver::Client::connect(sys::slot::first_free);
    if (!client) {
        sys::log("[sample-driver-test] cannot connect: {}", client.error());
        return 1;
    }
    unsigned passed = 0;
    unsigned failed = 0;
    const auto check = [&](const char* what, bool holds) {
        sys::log("[sample-driver-test] {}: {}", holds ? "ok" : "FAIL", what);
        ++(holds ? passed : failed);
    };
    sample_driver::converse(*client, check);
    const auto before = client->count();
    const auto after = client->wait(3);
    check("the device's interrupts arrive", before && after && *after >= before->ticks + 3);
    sys::log("[sample-driver-test] {} passed, {} failed", passed, failed);
    return failed == 0 ? 0 : 1;
}
