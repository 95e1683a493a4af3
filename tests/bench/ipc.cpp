// SPDX-License-Identifier: BSD-2-Clause
// Call and ReplyRecv with a passive server, and Send, which no fast path takes.
#include "measure.hpp"

namespace bench {
namespace {

constinit Thread server_thread{};
constinit Thread listener_thread{};

struct IpcObjects {
    Word endpoint;
    Word reply;
    unsigned words;
};
constinit IpcObjects ipc{};

/// Answers each call with as many words as came.
void serve(Word) {
    sys::raw::Registers message{.target = ipc.endpoint};
    stamped_syscall(abi::Syscall::recv, message, ipc.reply, shared.server);
    for (;;) {
        note(shared.server_events);
        message.target = ipc.endpoint;
        message.info = abi::MessageInfo(0, ipc.words).raw();
        stamped_syscall(abi::Syscall::reply_recv, message, ipc.reply, shared.server);
    }
}

void measure_calls(const char* call_name, const char* reply_name, unsigned words) {
    ipc.words = words;
    Figure calls(call_name);
    Figure replies(reply_name);
    for (unsigned i = 0; i < all_rounds; i++) {
        const Word server_before = shared.server.before;
        sys::raw::Registers message{.target = ipc.endpoint, .info = abi::MessageInfo(0, words).raw()};
        note(shared.client_events);
        stamped_syscall(abi::Syscall::call, message, 0, shared.client);
        Events after{};
        note(after);
        calls.add(i, shared.server.after - shared.client.before - syscall_clock_cost, shared.client_events,
                  shared.server_events);
        replies.add(i, shared.client.after - shared.server.before - syscall_clock_cost, shared.server_events, after);
        if (shared.server.before == server_before)
            fail("the server did not answer");
    }
    calls.print();
    replies.print();
}

/// Takes messages on time of its own.
void listen(Word endpoint) {
    for (;;) {
        sys::raw::Registers message{.target = endpoint};
        stamped_syscall(abi::Syscall::recv, message, ipc.reply, shared.server);
        note(shared.server_events);
    }
}

void measure_send(World& world, sys::VSpace space) {
    const auto endpoint = world.make<sys::Endpoint>();
    ipc.reply = world.make<sys::Reply>().slot();
    start(world, listener_thread, space, world.make_context(), server_priority, {}, listen, endpoint.slot());
    Figure sends("send.slow");
    for (unsigned i = 0; i < all_rounds; i++) {
        sys::raw::Registers message{.target = endpoint.slot(), .info = abi::MessageInfo(0, 0).raw()};
        note(shared.client_events);
        stamped_syscall(abi::Syscall::send, message, 0, shared.client);
        sends.add(i, shared.server.after - shared.client.before - syscall_clock_cost, shared.client_events,
                  shared.server_events);
    }
    sends.print();
}

} // namespace

void measure_ipc(World& world, sys::VSpace space) {
    ipc = {world.make<sys::Endpoint>().slot(), world.make<sys::Reply>().slot(), 0};
    // The server starts on a context of its own and gives it up: from then on it runs on its callers' time.
    const auto context = world.make_context();
    start(world, server_thread, space, context, server_priority, {}, serve, 0);
    must("passive server", context.unbind());
    measure_calls("ipc.call.0", "ipc.reply_recv.0", 0);
    measure_calls("ipc.call.10", "ipc.reply_recv.10", 10);
    measure_send(world, space);
}

} // namespace bench
