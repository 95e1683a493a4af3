// SPDX-License-Identifier: BSD-2-Clause
// What a client may expect of sample-driver, said once: the host test holds it with the Service object, the system test with
// the running server, and so both must agree.
#pragma once

#include <servers/sample-driver/client.hpp>

namespace sample_driver {

/// `check(what, holds)` is called for every expectation.
template <class Check>
void converse(const Client& client, Check&& check) {
    const auto counted = client.count();
    check("the driver says how often the device ticks", counted && counted->hertz == 100);
    const auto refused = client.wait(Wait::max_ticks + 1);
    check("nobody waits for ever", !refused && refused.error() == Error::too_long);
    const auto now = client.wait(0);
    check("waiting for nothing takes no time", counted && now && *now >= counted->ticks);
}

} // namespace sample_driver
