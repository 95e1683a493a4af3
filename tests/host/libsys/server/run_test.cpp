// SPDX-License-Identifier: BSD-2-Clause
// A service from its opening to the end that it is asked for.
#include <catch.hpp>
#include <deque>
#include <sys/server/run.hpp>

using namespace sys;

namespace {

struct Ask {
    static constexpr Word label = request_label(Protocol::test, 1);
    using Reply = Empty;
};

/// Hands out what a test wants to arrive, and notes what is answered, and through which reply object.
struct Inbox : host::Kernel {
    Inbox() { host::kernel = this; }
    ~Inbox() override { host::kernel = nullptr; }
    void arrives(Badge badge, Word label = 0) { messages.push_back({{abi::MessageInfo(label, 0), 0, 0, 0, 0}, badge}); }
    void enter(const host::Call& call, raw::Registers& registers, abi::IpcBuffer&) override {
        if (call.target != slot::endpoint) {
            if (call.number == abi::Syscall::send)
                later.push_back(call.info.label());
            registers = {};
            return;
        }
        if (call.number == abi::Syscall::reply_recv)
            answers.push_back(call.info.label());
        REQUIRE_FALSE(messages.empty()); // or it would wait for ever
        registers = {messages.front().badge.value, messages.front().info.raw(), 0, 0, 0, 0};
        messages.pop_front();
    }
    std::deque<Received> messages;
    std::vector<Word> answers;
    std::vector<Word> later; ///< answers of those who waited
};

constexpr Badge client{protocol::service_manager::service_badge(3, 1)};
constexpr Badge stop{signal_badge_bit | stop_badge_bit};

struct Server {
    std::optional<Message> handle(Incoming& incoming) {
        ++handled;
        return Dispatch(incoming).on<Ask>([](const Ask&) { return Result<Empty>(Empty{}); }).answer();
    }
    void handle_signal(Badge badge) { signals.push_back(badge.value); }
    void stop() { stopped_after = handled; }
    int handled = 0;
    int stopped_after = -1;
    std::vector<Word> signals;
};

} // namespace

TEST_CASE("run: a service that is asked to end has answered, saves, and ends with 0", "[libsys][server]") {
    Inbox inbox;
    Server server;
    inbox.arrives(client, Ask::label);
    inbox.arrives({signal_badge_bit | 1});
    inbox.arrives(client, Ask::label);
    inbox.arrives({stop.value | 1}); // with a signal of its own in the same badge
    inbox.arrives(client, Ask::label);
    CHECK(service::run("x", server) == 0);
    CHECK(inbox.answers == std::vector<Word>{0, 0});
    CHECK(server.signals == std::vector<Word>{signal_badge_bit | 1, stop.value | 1});
    CHECK(server.stopped_after == 2);
    CHECK(inbox.messages.size() == 1); // whoever comes after is not received
}

TEST_CASE("run: a client cannot ask a service to end", "[libsys][server]") {
    Inbox inbox;
    Server server;
    inbox.arrives({stop_badge_bit | client.value}, Ask::label); // no signal
    inbox.arrives(stop);
    CHECK(service::run("x", server) == 0);
    CHECK(server.stopped_after == 1);
}

namespace {

/// Answers when an event comes that never does.
struct Patient {
    explicit Patient(Replies& pool) : replies(pool) {}
    std::optional<Message> handle(Incoming& incoming) {
        Result<PendingReply> caller = replies.keep(incoming.badge());
        REQUIRE(caller.is_ok());
        wait(caller.take());
        return std::nullopt;
    }
    void handle_signal(Badge) {}
    Task wait(PendingReply caller) {
        co_await never;
        caller.answer(Result<Empty>(Empty{}));
    }
    Replies& replies;
    Event never;
};

} // namespace

TEST_CASE("run: tasks that wait are ended, and whom they would have answered is told busy", "[libsys][server]") {
    Inbox inbox;
    StaticTaskPool<2> pool;
    Replies replies;
    Patient server(replies);
    inbox.arrives(client, Ask::label);
    inbox.arrives(stop);
    CHECK(service::run("x", server, replies) == 0);
    CHECK(pool.in_use() == 0);
    CHECK(replies.waiting() == 0);
    CHECK(inbox.later == std::vector<Word>{Error(ErrorCode::busy).label()});
}
