// SPDX-License-Identifier: BSD-2-Clause
// Tasks, events and timers.
#include <catch.hpp>
#include <sys/host/rig.hpp>
#include <sys/server/timers.hpp>
#include <sys/util/event.hpp>
#include <sys/util/panic.hpp>

using namespace sys;

namespace {

Task note_each(Event& event, std::vector<int>& notes, int number, int times) {
    for (int i = 0; i < times; ++i) {
        co_await event;
        notes.push_back(number);
    }
}

Task note_first(Event& a, Event& b, std::vector<unsigned>& notes) { notes.push_back(co_await any_of(a, b)); }

struct TimeServer {
    TimeServer() { REQUIRE(timers.start()); }
    std::optional<Message> handle(Incoming&) { return Message::of_error(ErrorCode::not_supported); }
    void handle_signal(Badge badge) { timers.handle_signal(badge); }
    Task wait_for(Event& event, Word microseconds, std::vector<unsigned>& notes) {
        Timer patience;
        if (timers.set(patience, microseconds))
            notes.push_back(co_await any_of(event, patience));
    }
    Timers timers{3, 40};
};

} // namespace

namespace {

/// Tells when it is destroyed.
struct Witness {
    explicit Witness(std::vector<int>& into) : notes(into) {}
    Witness(const Witness&) = delete;
    ~Witness() { notes.push_back(-1); }
    std::vector<int>& notes;
};
Task hold(Event& event, std::vector<int>& notes) {
    const Witness witness(notes);
    co_await event;
    notes.push_back(1);
}

} // namespace

TEST_CASE("tasks: a task that is cancelled destroys what it holds, and its event forgets it", "[libsys][server]") {
    StaticTaskPool<4> pool;
    Event event;
    Event other;
    std::vector<int> notes;
    for (Event* const awaited : {&event, &other, &event})
        CHECK(hold(*awaited, notes).has_started());
    other.raise(); // one has ended by itself
    CHECK(notes == std::vector<int>{1, -1});
    Task::cancel_all();
    CHECK(notes == std::vector<int>{1, -1, -1, -1});
    CHECK(pool.in_use() == 0);
    CHECK_FALSE(event.is_awaited());
    event.raise();
    Task::cancel_all();
    CHECK(notes.size() == 4);
}

TEST_CASE("tasks: an event resumes all who await it, in the order in which they came", "[libsys][server]") {
    StaticTaskPool<4> pool;
    Event event;
    std::vector<int> notes;
    CHECK(note_each(event, notes, 1, 2).has_started());
    CHECK(note_each(event, notes, 2, 1).has_started());
    CHECK(notes.empty());
    event.raise();
    CHECK(notes == std::vector<int>{1, 2});
    CHECK(pool.in_use() == 1);
    event.raise();
    CHECK(notes == std::vector<int>{1, 2, 1});
    CHECK_FALSE(event.is_awaited());
    CHECK(pool.in_use() == 0);
}

TEST_CASE("tasks: who awaits several events goes on with the first, and once", "[libsys][server]") {
    StaticTaskPool<2> pool;
    Event a;
    Event b;
    std::vector<unsigned> notes;
    note_first(a, b, notes);
    b.raise();
    a.raise();
    CHECK(notes == std::vector<unsigned>{1});
    CHECK_FALSE(a.is_awaited());
    note_first(a, a, notes); // the same one twice
    a.raise();
    CHECK(notes == std::vector<unsigned>{1, 0});
}

TEST_CASE("tasks: with no place left a task does not start, and its arguments are destroyed", "[libsys][server]") {
    StaticTaskPool<1> pool;
    Event event;
    std::vector<int> notes;
    CHECK(note_each(event, notes, 1, 1).has_started());
    CHECK_FALSE(note_each(event, notes, 2, 1).has_started());
    event.raise();
    CHECK(notes == std::vector<int>{1});
    CHECK(note_each(event, notes, 3, 1).has_started());
    event.raise();
    CHECK(pool.in_use() == 0);
}

TEST_CASE("tasks: a frame larger than a place is refused and remembered", "[libsys][server]") {
    StaticTaskPool<2, 16> pool;
    Event event;
    std::vector<int> notes;
    CHECK_FALSE(note_each(event, notes, 1, 1).has_started());
    CHECK(pool.largest() > 16);
}

TEST_CASE("timers: each is raised at its time, and cancelled with whoever waited", "[libsys][server]") {
    alignas(TimeServer) static uint8_t place[sizeof(TimeServer)];
    StaticTaskPool<4> pool;
    struct Idle {
        std::optional<Message> handle(Incoming&) { return std::nullopt; }
        void handle_signal(Badge badge) { server->handle_signal(badge); }
        TimeServer* server = nullptr;
    } idle;
    host::Rig rig(idle);
    TimeServer& server = *::new (static_cast<void*>(place)) TimeServer;
    idle.server = &server;
    Event event;
    std::vector<unsigned> late;
    std::vector<unsigned> early;
    std::vector<unsigned> woken;
    server.wait_for(event, 300'000, late);
    server.wait_for(event, 100'000, early);
    rig.advance(99'999);
    CHECK(early.empty());
    rig.advance(1);
    CHECK(early == std::vector<unsigned>{1});
    CHECK(late.empty());
    server.wait_for(event, 50'000, woken);
    event.raise(); // wakes late and woken, whose timers are gone with them
    CHECK(late == std::vector<unsigned>{0});
    CHECK(woken == std::vector<unsigned>{0});
    rig.advance(1'000'000);
    CHECK(pool.in_use() == 0);
}

TEST_CASE("events: a line names what happened and with what, so that it can be read back", "[libsys][log]") {
    struct Idle {
        std::optional<Message> handle(Incoming&) { return std::nullopt; }
        void handle_signal(Badge) {}
    } idle;
    host::Rig rig(idle);
    set_program_name("tally");
    log_event(Severity::warning, "client refused",
              {{"badge", 7u}, {"name", "a b\"\n"}, {"empty", ""}, {"plain", "x=1"}});
    log_event(Severity::notice, "started");
    CHECK(rig.log ==
          std::vector<std::string>{R"([tally] warning: client refused badge=7 name="a b\"\x0a" empty="" plain=x=1)",
                                   "[tally] notice: started"});
    set_program_name("program");
}
