// SPDX-License-Identifier: BSD-2-Clause
// The system test's program: a client of the running server. Ends with 0 if all of the conversation went as expected.
#include <servers/sample-server/tests/conversation.hpp>
#include <sys/proc/slots.hpp>
#include <sys/util/log.hpp>

extern "C" int main(int, char**, char**) {
    const auto client = sample_server::Client::connect(sys::slot::first_free);
    if (!client) {
        sys::log("[sample-server-test] cannot connect: {}", client.error());
        return 1;
    }
    unsigned passed = 0;
    unsigned failed = 0;
    sample_server::converse(*client, [&](const char* what, bool holds) {
        sys::log("[sample-server-test] {}: {}", holds ? "ok" : "FAIL", what);
        ++(holds ? passed : failed);
    });
    sys::log("[sample-server-test] {} passed, {} failed", passed, failed);
    return failed == 0 ? 0 : 1;
}
