// SPDX-License-Identifier: BSD-2-Clause
// A server that makes kernel objects as its clients come, on the host's rig: until its quota is used up, and then without.
#include <catch.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/host/rig.hpp>
#include <sys/proc/objects.hpp>

using namespace sys;

namespace {

struct Open {
    static constexpr Word label = request_label(Protocol::test, 1);
    struct Reply {
        Word slot = 0;
    };
};

struct Server {
    std::optional<Message> handle(Incoming& incoming) {
        return Dispatch(incoming)
            .on<Open>([&](const Open&) -> Result<Open::Reply> {
                made.push_back(TRY(objects().make<Tcb>()));
                return Open::Reply{made.back().get().slot()};
            })
            .answer();
    }
    void handle_signal(Badge) {}

    std::vector<Made<Tcb>> made;
};

} // namespace

TEST_CASE("a server's own objects: quota's end is an error of one request, and what goes makes room",
          "[libsys][server]") {
    Server server;
    host::Rig rig(server);
    const Endpoint client = rig.connect(7);
    unsigned served = 0;
    for (;; ++served) {
        const auto opened = call(client, Open{});
        if (!opened) {
            CHECK(opened.error() == protocol::process::Error::quota_exceeded);
            break;
        }
        CHECK(opened->slot >= slot::first_allocated);
        REQUIRE(served < 1000);
    }
    CHECK(served >= 100); // 2 KiB each, of 256 KiB
    CHECK(rig.untyped_left == 0);
    server.made.pop_back();
    CHECK(call(client, Open{}));
    CHECK(!call(client, Open{}));
    server.made.clear();
}
