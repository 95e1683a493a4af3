// SPDX-License-Identifier: BSD-2-Clause
// What libsys adds to the kernel's figures: a typed call from structure to structure, and bytes through a shared ring.
#include "measure.hpp"

#include <sys/ipc/call.hpp>
#include <sys/ipc/ring.hpp>
#include <sys/ipc/server.hpp>
#include <sys/util/log.hpp>

namespace bench {
namespace {

constinit Thread server_thread{};
constinit sys::Endpoint endpoint{};
constinit sys::Reply reply{};
alignas(64) constinit uint8_t ring_memory[8192]{};

struct Add {
    static constexpr Word label = sys::request_label(sys::Protocol::test, 1);
    struct Reply {
        Word total = 0;
    };
    Word a = 0;
    Word b = 0;
};

struct Adder {
    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        return sys::Dispatch(incoming)
            .on<Add>([](const Add& request) { return sys::Result<Add::Reply>(Add::Reply{request.a + request.b}); })
            .answer();
    }
    void handle_signal(sys::Badge) {}
};

void serve(Word) {
    Adder adder;
    sys::serve(endpoint, reply, adder);
}

/// There and back, the dispatching of the server and the checks of the client included.
void measure_call() {
    Figure calls("protocol.call");
    for (unsigned i = 0; i < all_rounds; i++) {
        note(shared.client_events);
        const Word before = sys::raw::read_time_stamp();
        const auto sum = sys::call(endpoint, Add{i, 1});
        const Word after = sys::raw::read_time_stamp();
        Events at_end{};
        note(at_end);
        if (!sum || sum->total != i + 1)
            fail("protocol.call");
        calls.add(i, after - before, shared.client_events, at_end);
    }
    calls.print();
}

/// Both ends in turn, so that nothing but the ring is measured.
void measure_ring() {
    constexpr Word piece = 1024, pieces = 256;
    static uint8_t in[piece];
    static uint8_t out[piece];
    auto writer = must("ring writer", sys::RingWriter::create(ring_memory));
    auto reader = must("ring reader", sys::RingReader::open(ring_memory));
    const Word before = sys::raw::read_time_stamp();
    for (Word i = 0; i < pieces; i++) {
        in[0] = static_cast<uint8_t>(i);
        if (!writer.write(in) || reader.read(out).value_or(0) != piece || out[0] != in[0])
            fail("ring.throughput");
    }
    const Word instructions = sys::raw::read_time_stamp() - before;
    if (!shared.counting)
        sys::log("VALUE ring.throughput {}", piece * pieces * 1000 / instructions);
}

} // namespace

void measure_protocol(World& world, sys::VSpace space) {
    endpoint = world.make<sys::Endpoint>();
    reply = world.make<sys::Reply>();
    const auto context = world.make_context();
    start(world, server_thread, space, context, server_priority, {}, serve, 0);
    must("passive server", context.unbind());
    measure_call();
    measure_ring();
}

} // namespace bench
