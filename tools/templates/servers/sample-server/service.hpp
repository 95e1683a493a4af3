// SPDX-License-Identifier: BSD-2-Clause
// Service: what sample-server does. It knows nothing of how it is started, so that the host tests run it as it is.
#pragma once

#include <servers/sample-server/protocol.hpp>
#include <sys/ipc/server.hpp>
#include <sys/server/sessions.hpp>

namespace sample_server {

class Service {
public:
    std::optional<sys::Message> handle(sys::Incoming& incoming);
    void handle_signal(sys::Badge) {} // nobody signals this server

private:
    /// What is kept for each client.
    struct Session {
        Word total = 0;
    };

    sys::Result<Add::Reply> add(Session& session, const Add& request);
    sys::Result<sys::Message> greet(const sys::Incoming& incoming);

    sys::Sessions<Session> sessions_;
};

} // namespace sample_server
