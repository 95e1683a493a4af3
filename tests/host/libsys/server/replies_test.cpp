// SPDX-License-Identifier: BSD-2-Clause
// Callers who wait: kept, answered later, taken back from the dead.
#include <catch.hpp>
#include <sys/host/rig.hpp>
#include <sys/server/sessions.hpp>

using namespace sys;

namespace {

struct Wait {
    static constexpr Word label = request_label(Protocol::test, 1);
    struct Reply {
        Word value = 0;
    };
};

/// Keeps whoever asks until the test answers.
struct Keeper {
    explicit Keeper(Replies& pool) : replies(pool) {}
    std::optional<Message> handle(Incoming& incoming) {
        return Dispatch(incoming)
            .on<Wait>([&](const Wait&) -> std::optional<Message> {
                Result<PendingReply> caller = replies.keep(incoming.badge());
                if (!caller)
                    return Message::of_error(caller.error());
                waiting.push_back(caller.take());
                return std::nullopt;
            })
            .answer();
    }
    void handle_signal(Badge) {}
    void answer(size_t number, Word value) { waiting[number].answer(Result<Wait::Reply>(Wait::Reply{value})); }

    Replies& replies;
    std::vector<PendingReply> waiting;
};

struct World {
    Replies replies;
    Keeper keeper{replies};
    host::Rig<Keeper> rig{keeper, replies};
    /// The badge of a unit's nth process.
    size_t call(uint16_t unit, uint32_t life = 1) {
        return rig.post(rig.connect(protocol::service_manager::service_badge(unit, life)), Wait{});
    }
    bool waits(size_t number) { return !rig.answer_to<Wait>(number); }
    Word value(size_t number) { return (*rig.answer_to<Wait>(number))->value; }
    ErrorCode error(size_t number) { return rig.answer_to<Wait>(number)->error().code(); }
};

} // namespace

TEST_CASE("replies: callers are answered later, in any order", "[libsys][server]") {
    World world;
    const size_t first = world.call(1);
    const size_t second = world.call(2);
    CHECK(world.replies.waiting() == 2);
    CHECK(world.waits(first));
    world.keeper.answer(1, 22);
    CHECK(world.value(second) == 22);
    CHECK(world.waits(first));
    world.keeper.answer(0, 11);
    CHECK(world.value(first) == 11);
    CHECK(world.replies.waiting() == 0);
}

TEST_CASE("replies: with every reply object in use the next caller is told so, and the server goes on",
          "[libsys][server]") {
    World world;
    for (uint16_t unit = 0; unit + 1u < Replies::capacity; ++unit)
        CHECK(world.waits(world.call(unit)));
    CHECK(world.error(world.call(50)) == ErrorCode::busy);
    world.keeper.answer(0, 7);
    CHECK(world.waits(world.call(51)));
}

TEST_CASE("replies: a client that dies and calls again holds one reply object, not all", "[libsys][server]") {
    World world;
    for (uint32_t life = 1; life < 20; ++life)
        CHECK(world.waits(world.call(3, life)));
    CHECK(world.replies.waiting() == 1);
}

TEST_CASE("replies: what dead clients hold is taken back when it is needed", "[libsys][server]") {
    World world;
    for (uint16_t unit = 0; unit + 1u < Replies::capacity; ++unit)
        world.call(unit);
    world.rig.is_alive = [](Badge client) { return protocol::service_manager::unit_of_badge(client.value) != 2; };
    const size_t late = world.call(60);
    CHECK(world.waits(late));
    world.keeper.answer(2, 99); // the dead one's: reaches nobody
    CHECK(world.waits(late));
    world.keeper.answer(4, 5);
    CHECK(world.value(late) == 5);
}

TEST_CASE("replies: a caller whom the server forgets is told to try again", "[libsys][server]") {
    World world;
    const size_t call = world.call(1);
    world.keeper.waiting.clear();
    CHECK(world.error(call) == ErrorCode::busy);
    CHECK(world.replies.waiting() == 0);
}

TEST_CASE("sessions: a unit has one, and a later process of it starts anew", "[libsys][server]") {
    using protocol::service_manager::service_badge;
    Sessions<int, 2> sessions;
    **sessions.of({service_badge(0, 1)}) = 5;
    CHECK(**sessions.of({service_badge(0, 1)}) == 5);
    CHECK(**sessions.of({service_badge(0, 2)}) == 0);
    CHECK(sessions.of({service_badge(0, 1)}).error() == ErrorCode::not_permitted);
    CHECK(sessions.count() == 1);
    CHECK(sessions.of({service_badge(1, 1)}));
    CHECK(sessions.of({service_badge(2, 1)}).error() == ErrorCode::busy);
    sessions.end({service_badge(1, 1)});
    CHECK(sessions.of({service_badge(2, 1)}));
    CHECK(sessions.of({0}).error() == ErrorCode::not_permitted);
    CHECK(sessions.of({signal_badge_bit | 1}).error() == ErrorCode::not_permitted);
}
