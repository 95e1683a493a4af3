// SPDX-License-Identifier: BSD-2-Clause
// What a client may expect of sample-server, said once: the host test holds it with the Service object, the system test with
// the running server, and so both must agree.
#pragma once

#include <servers/sample-server/client.hpp>

namespace sample_server {

/// `check(what, holds)` is called for every expectation. The client has not talked to the server before.
template <class Check>
void converse(const Client& client, Check&& check) {
    check("a tally starts with nothing", client.add(0).value_or(1) == 0);
    check("amounts add up", client.add(2).value_or(0) == 2 && client.add(40).value_or(0) == 42);

    const auto refused = client.add(Add::limit);
    check("a tally has a limit", !refused && refused.error() == Error::above_limit);
    check("the error says what is left", !refused && refused.error().detail(0) == Add::limit - 42);
    check("a refusal changes nothing", client.add(0).value_or(0) == 42);

    char storage[Greet::max_greeting];
    const auto greeting = client.greet("world", storage);
    check("who says a name is greeted", greeting && *greeting == "Hello, world!");
    const auto nobody = client.greet("", storage);
    check("nobody is not greeted", !nobody && nobody.error() == Error::not_a_name);
}

} // namespace sample_server
