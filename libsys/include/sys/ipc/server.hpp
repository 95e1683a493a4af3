// SPDX-License-Identifier: BSD-2-Clause
// The server's side: a loop that receives and answers, and a dispatcher from labels to typed handlers.
//
//     std::optional<Message> Console::handle(Incoming& incoming) {
//         return Dispatch(incoming)
//             .on<WriteLine>([&](const WriteLine& request) -> Result<Empty> { return write(incoming.badge(), request);
//             }) .on<ReadLine>(...) .answer();
//     }
//     serve(endpoint, reply, console);
#pragma once

#include <optional>
#include <sys/cap/endpoint.hpp>
#include <sys/ipc/pack.hpp>

namespace sys {

/// A message that has just arrived.
class Incoming {
public:
    /// Borrows it.
    explicit Incoming(const Received& received) : received_(received) {}

    /// Who sent it: the badge that its capability was given.
    Badge badge() const { return received_.badge; }
    /// What is asked.
    Word label() const { return received_.label(); }
    /// All of it.
    const Received& message() const { return received_; }
    /// Capabilities that came with it (0 or 1, in the receive slot).
    unsigned capabilities() const { return received_.info.extra_caps(); }
    /// The badge of capability `index`, if that was one to this very endpoint: such capabilities arrive as their badge. Gone
    /// with the next system call.
    std::optional<Badge> unwrapped(unsigned index) const {
        if (index >= capabilities() || (received_.info.caps_unwrapped() >> index & 1) == 0)
            return std::nullopt;
        return Badge{raw::ipc_buffer()->caps_or_badges[index]};
    }

    /// The bytes behind the structure of a request of type R; empty if there are none. They lie in the IPC buffer and
    /// are gone with the next system call.
    template <Request R>
    Result<std::span<const uint8_t>> payload() const {
        MessageReader reader(received_);
        for (unsigned i = 0; i < message_words<R>; ++i)
            TRY(reader.word());
        if (reader.words_left() == 0)
            return std::span<const uint8_t>();
        return reader.bytes();
    }
    /// The same as text.
    template <Request R>
    Result<std::string_view> text() const {
        const std::span<const uint8_t> bytes = TRY(payload<R>());
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }

private:
    const Received& received_;
};

/// A reply with a payload behind its structure.
template <PlainMessage T>
Result<Message> reply_with_payload(const T& reply, const Payload& payload) {
    MessageWriter writer;
    if constexpr (!std::is_empty_v<T>)
        TRY(writer.structure(reply));
    TRY(writer.bytes(payload.bytes));
    return writer.finish(0);
}

/// A reply with a capability behind its structure.
template <PlainMessage T>
Result<Message> reply_with_capability(const T& reply, Object capability) {
    MessageWriter writer;
    if constexpr (!std::is_empty_v<T>)
        TRY(writer.structure(reply));
    TRY(writer.capability(capability));
    return writer.finish(0);
}

/// Runs the handler of the first request type whose label matches. A request that is too short, or that nobody handles,
/// is answered with an error.
class Dispatch {
public:
    /// Borrows it.
    explicit Dispatch(const Incoming& incoming) : incoming_(incoming) {}

    /// `handler(const R&)` returns Result<R::Reply>, or Result<Message> to pack the answer itself, or
    /// std::optional<Message> (nothing: the answer comes later, by another way).
    template <Request R, class Handler>
    Dispatch& on(Handler&& handler) {
        if (handled_ || incoming_.label() != R::label)
            return *this;
        handled_ = true;
        const Result<R> request = unpack<R>(incoming_.message());
        if (!request)
            answer_ = Message::of_error(request.error());
        else
            answer_ = to_answer<R>(handler(*request));
        return *this;
    }
    /// What the handler said; nothing if it answers later.
    std::optional<Message> answer() const {
        if (!handled_)
            return Message::of_error(Error(ErrorCode::unknown_request, incoming_.label()));
        return answer_;
    }

private:
    template <Request R>
    static std::optional<Message> to_answer(const Result<typename R::Reply>& reply) {
        if (!reply)
            return Message::of_error(reply.error());
        return pack(0, *reply);
    }
    template <Request R>
    static std::optional<Message> to_answer(const Result<Message>& reply) {
        if (!reply)
            return Message::of_error(reply.error());
        return *reply;
    }
    template <Request R>
    static std::optional<Message> to_answer(const std::optional<Message>& reply) {
        return reply;
    }

    const Incoming& incoming_;
    std::optional<Message> answer_;
    bool handled_ = false;
};

/// What `serve` runs: messages (faults too, if the endpoint is a fault handler) and signals of the bound notification.
template <class T>
concept ServerObject = requires(T& server, Incoming& incoming, Badge badge) {
    { server.handle(incoming) } -> std::same_as<std::optional<Message>>;
    server.handle_signal(badge);
};

/// One step of the loop: what arrived is handled, the answer to it returned.
template <ServerObject Server>
std::optional<Message> serve_one(Server& server, const Received& received) {
    if ((received.badge.value & signal_badge_bit) != 0) {
        server.handle_signal(received.badge);
        return std::nullopt;
    }
    Incoming incoming(received);
    return server.handle(incoming);
}

/// Serves for ever: answers and receives in one system call.
template <ServerObject Server>
[[noreturn]] void serve(Endpoint endpoint, Reply reply, Server& server) {
    Received received = endpoint.receive(reply);
    for (;;) {
        const std::optional<Message> answer = serve_one(server, received);
        received = answer ? endpoint.reply_receive(*answer, reply) : endpoint.receive(reply);
    }
}

} // namespace sys
