// SPDX-License-Identifier: BSD-2-Clause
// server.smallest: what a server takes that answers one request and does nothing else.
#include <sys/server/run.hpp>

namespace {

struct Now {
    static constexpr sys::Word label = sys::request_label(sys::Protocol::test, 0);
    struct Reply {
        sys::Word ticks = 0;
    };
};

struct Server {
    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        return sys::Dispatch(incoming)
            .on<Now>([](const Now&) { return sys::Result<Now::Reply>(Now::Reply{sys::raw::read_time_stamp()}); })
            .answer();
    }
    void handle_signal(sys::Badge) {}
};

} // namespace

extern "C" int main(int, char**, char**) {
    Server server;
    return sys::service::run("smallest", server);
}
