// SPDX-License-Identifier: BSD-2-Clause
// Callers who wait: a server keeps the caller of a message and answers it later, while it serves others.
//
// A process has a few reply objects (slot::reply and slot::spare_replies), and each holds one caller. So that no client can
// use them up: a client has one waiting caller at most (a later one can only be of a later process of it, and takes its
// place), and when none is left, those whose clients have died are taken back.
#pragma once

#include <array>
#include <sys/ipc/server.hpp>
#include <sys/proc/service.hpp>

namespace sys {

class Replies;

/// A caller who waits. Move-only: it is answered once, and with `busy` if its server forgets it.
class PendingReply {
public:
    PendingReply() = default;
    PendingReply(PendingReply&& other)
        : owner_(std::exchange(other.owner_, nullptr)), place_(other.place_), serial_(other.serial_) {}
    PendingReply& operator=(PendingReply&& other);
    ~PendingReply() { abandon(); }

    /// Whether the caller still waits: false once it is answered, or was taken back.
    explicit operator bool() const;
    /// Nothing happens if nobody waits.
    void answer(const Message& message);
    /// As a handler of Dispatch answers: structure or error.
    template <PlainMessage T>
    void answer(const Result<T>& reply) {
        answer(reply ? pack(0, *reply) : Message::of_error(reply.error()));
    }

private:
    friend class Replies;
    PendingReply(Replies& owner, unsigned place, Word serial) : owner_(&owner), place_(place), serial_(serial) {}
    void abandon() {
        if (owner_ != nullptr)
            answer(Message::of_error(ErrorCode::busy));
    }

    Replies* owner_ = nullptr;
    unsigned place_ = 0;
    Word serial_ = 0; ///< of the caller: the place may have been taken back
};

/// Which client a badge stands for, and whether it still lives.
struct ReplyClients {
    Word (*client_of)(Badge); ///< the same number for all badges of one client
    bool (*lives)(Badge); ///< false once it has ended
};
/// Clients that eclipse-systemd has connected: units.
inline constexpr ReplyClients service_clients{
    [](Badge badge) -> Word { return protocol::service_manager::unit_of_badge(badge.value); }, service::lives};

/// The reply objects of a server that keeps callers.
class Replies {
public:
    /// Callers that can wait, and the one that is being received.
    static constexpr unsigned capacity = slot::spare_reply_count + 1;

    /// `clients`: whose badges these are.
    explicit Replies(ReplyClients clients = service_clients) : clients_(clients) {
        places_[0].reply = Reply(slot::reply);
        for (unsigned i = 1; i < capacity; ++i)
            places_[i].reply = Reply(slot::spare_replies + i - 1);
    }
    Replies(const Replies&) = delete;
    Replies& operator=(const Replies&) = delete;

    /// What the next message is to be received with.
    Reply receiving() const { return places_[receiving_].reply; }
    /// Keeps the caller of the message that was received last. busy: as many wait as can.
    Result<PendingReply> keep(Badge caller);
    /// Takes back what dead clients hold: for a server that must not answer one of them by mistake.
    void take_back_dead();
    /// Callers who wait.
    unsigned waiting() const;

private:
    friend class PendingReply;
    struct Place {
        Reply reply;
        Word serial = 0; ///< of the caller who waits here; 0: none
        Badge caller{};
    };

    unsigned find_free() const;
    template <class Condition>
    void take_back_if(Condition&& condition);
    void answer(unsigned place, Word serial, const Message& message);

    ReplyClients clients_;
    std::array<Place, capacity> places_{};
    unsigned receiving_ = 0;
    Word serials_ = 0;
};

/// As serve of ipc/server.hpp, for a server that keeps callers: every message is received with a free reply object.
template <ServerObject Server>
[[noreturn]] void serve(Endpoint endpoint, Replies& replies, Server& server) {
    Received received = endpoint.receive(replies.receiving());
    for (;;) {
        const std::optional<Message> answer = serve_one(server, received);
        received =
            answer ? endpoint.reply_receive(*answer, replies.receiving()) : endpoint.receive(replies.receiving());
    }
}

} // namespace sys
