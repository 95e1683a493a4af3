// SPDX-License-Identifier: BSD-2-Clause
// A service that is asked to end. `willing`: it saves what it has, in pages that are kept, and ends. `deaf`: it goes on serving.
#include <string_view>
#include <sys/server/kept_state.hpp>
#include <sys/server/run.hpp>
#include <sys/util/log.hpp>

namespace {

struct Tally {
    uint64_t saved = 0;
};

class Server {
public:
    std::optional<sys::Message> handle(sys::Incoming&) { return sys::Message::of_error(sys::ErrorCode::not_supported); }
    void handle_signal(sys::Badge) {}
    void stop() {
        auto state = sys::KeptState<Tally>::open(1);
        if (!state)
            return;
        state->commit([](Tally& tally) { ++tally.saved; });
        sys::log("{} saves, the {}. time", sys::program_name(), state->get().saved);
    }
};

} // namespace

extern "C" int main(int argc, char** argv, char**) {
    static Server server;
    const bool is_deaf = argc > 2 && std::string_view(argv[2]) == "deaf";
    if (!is_deaf)
        return sys::service::run(argv[1], server);
    if (sys::service::open(argv[1]))
        sys::serve(sys::Endpoint(sys::slot::endpoint), sys::Reply(sys::slot::reply), server);
    return 1;
}
