// SPDX-License-Identifier: BSD-2-Clause
// Processes, their parents and their ends; back-off; alarms.
#include <catch.hpp>
#include <init/alarms.hpp>
#include <init/back_off.hpp>
#include <init/process_table.hpp>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

using namespace init;
using process::Cause;
using process::Error;

namespace {

Process& add(ProcessTable& table, Word parent, std::string_view path = "/sbin/x", Word now = 0) {
    auto added = table.add(table.next_number(false), parent, path, 100, 0, now);
    REQUIRE(added);
    return **added;
}
Process& add_manager(ProcessTable& table) {
    return **table.add(table.next_number(true), init_pid, "/sbin/eclipse-systemd", 200, 0, 0);
}

} // namespace

TEST_CASE("process numbers start at 2 and are never used again, but PID 1", "[init]") {
    auto table = std::make_unique<ProcessTable>();
    CHECK(add_manager(*table).pid() == 1);
    std::set<Word> seen;
    for (int i = 0; i < 1000; ++i) {
        Process& process = add(*table, 1);
        CHECK(process.pid() == static_cast<Word>(i) + 2);
        REQUIRE(seen.insert(process.pid()).second);
        table->end(process, {.cause = Cause::exited}, 0, 1);
        table->next_exit(1);
    }
    table->end(*table->find_running(1), {}, 0, init_pid);
    CHECK(add_manager(*table).pid() == 1);
}

TEST_CASE("R39 a stale number finds nobody, even after its place is used again", "[init]") {
    auto table = std::make_unique<ProcessTable>();
    add_manager(*table);
    Process& first = add(*table, 1);
    const Word stale = first.pid();
    table->end(first, {.cause = Cause::killed}, 0, 1);
    CHECK(table->find_running(stale) == nullptr);
    table->next_exit(1);
    Process& second = add(*table, 1);
    CHECK(&second == &first);
    CHECK(table->find_running(stale) == nullptr);
    CHECK(table->find_running(0) == nullptr);
}

TEST_CASE("R28 each end is told exactly once, with its status and its time, first ended first", "[init]") {
    auto table = std::make_unique<ProcessTable>();
    add_manager(*table);
    Process& a = add(*table, 1, "/a", 10);
    Process& b = add(*table, 1, "/b", 20);
    const Word a_pid = a.pid(), b_pid = b.pid();
    CHECK(!table->has_exit(1));
    table->end(b, {.cause = Cause::exited, .status = 42}, 500, 1);
    table->end(a, {.cause = Cause::faulted, .fault_label = 6, .instruction = 0x400000, .address = 8}, 600, 1);
    CHECK(table->has_exit(1));
    const auto first = table->next_exit(1);
    CHECK(first.pid == b_pid);
    CHECK(first.status == 42);
    CHECK(first.ended_at == 500);
    CHECK(first.started_at == 20);
    const auto second = table->next_exit(1);
    CHECK(second.pid == a_pid);
    CHECK(second.cause == Cause::faulted);
    CHECK(second.fault_address == 8);
    CHECK(table->next_exit(1).pid == 0);
    CHECK(table->count() == 1);
}

TEST_CASE("orphans, running or ended, go to PID 1, which hears of their ends", "[init]") {
    auto table = std::make_unique<ProcessTable>();
    add_manager(*table);
    Process& parent = add(*table, 1);
    Process& runs = add(*table, parent.pid());
    Process& ended = add(*table, parent.pid());
    const Word runs_pid = runs.pid(), ended_pid = ended.pid(), parent_pid = parent.pid();
    table->end(ended, {.cause = Cause::exited, .status = 3}, 1, 1);
    table->end(parent, {.cause = Cause::killed}, 2, 1);
    CHECK(runs.entry.parent == 1);
    table->end(runs, {.cause = Cause::exited}, 3, 1);
    CHECK(table->next_exit(1).pid == ended_pid);
    CHECK(table->next_exit(1).pid == parent_pid);
    CHECK(table->next_exit(1).pid == runs_pid);
    CHECK(table->count() == 1);
}

TEST_CASE("when PID 1 ends, ends that nobody can hear of any more take up no place", "[init]") {
    auto table = std::make_unique<ProcessTable>();
    Process& manager = add_manager(*table);
    Process& child = add(*table, 1);
    table->end(child, {.cause = Cause::killed}, 1, init_pid);
    table->end(manager, {.cause = Cause::faulted}, 2, init_pid);
    CHECK(table->count() == 0);
}

TEST_CASE("a full table refuses by name, and has room again after a reaping", "[init]") {
    auto table = std::make_unique<ProcessTable>();
    add_manager(*table);
    std::vector<Word> pids;
    for (unsigned i = 1; i < ProcessTable::capacity; ++i)
        pids.push_back(add(*table, 1).pid());
    const auto full = table->add(table->next_number(false), 1, "/x", 1, 0, 0);
    REQUIRE(!full);
    CHECK(full.error() == Error::too_many_processes);
    table->end(*table->find_running(pids[5]), {.cause = Cause::exited}, 0, 1);
    CHECK(!table->add(table->next_number(false), 1, "/x", 1, 0, 0)); // not reaped yet
    table->next_exit(1);
    CHECK(table->add(table->next_number(false), 1, "/x", 1, 0, 0));
}

TEST_CASE("the list is complete and ascending however many calls it takes", "[init]") {
    auto table = std::make_unique<ProcessTable>();
    add_manager(*table);
    for (int i = 0; i < 40; ++i)
        add(*table, 1, "/sbin/a-name-that-is-much-too-long-for-the-list");
    std::vector<Word> pids;
    for (Word from = 0;;) {
        const auto reply = table->list(from);
        for (Word i = 0; i < reply.count; ++i) {
            pids.push_back(reply.entries[i].pid);
            CHECK(reply.entries[i].name[29] == '\0');
        }
        if (reply.next == 0)
            break;
        from = reply.next;
    }
    CHECK(pids.size() == 41);
    CHECK(std::is_sorted(pids.begin(), pids.end()));
    CHECK(std::string(table->list(1).entries[0].name) == "eclipse-systemd");
}

TEST_CASE("R40 random lives: every child's end reaches exactly one living parent", "[init][property]") {
    std::mt19937 random(3);
    auto table = std::make_unique<ProcessTable>();
    add_manager(*table);
    std::vector<Word> running{1};
    std::map<Word, int> told;
    std::set<Word> ended;
    for (int step = 0; step < 20000; ++step) {
        const Word who = running[random() % running.size()];
        const unsigned action = random() % 3;
        if (action == 0) {
            const auto added = table->add(table->next_number(false), who, "/p", 1, 0, 0);
            if (added)
                running.push_back((*added)->pid());
        } else if (action == 1 && who != 1) {
            table->end(*table->find_running(who), {.cause = Cause::exited}, 0, 1);
            std::erase(running, who);
            ended.insert(who);
        } else if (const auto exit = table->next_exit(who); exit.pid != 0) {
            REQUIRE(++told[exit.pid] == 1);
            REQUIRE(ended.contains(exit.pid));
        }
    }
    for (const Word who : std::vector<Word>(running))
        for (auto exit = table->next_exit(who); exit.pid != 0; exit = table->next_exit(who))
            ++told[exit.pid];
    CHECK(told.size() == ended.size());
    CHECK(table->count() == running.size());
}

TEST_CASE("back-off doubles from 250 ms to 8 s and starts over after a healthy run", "[init]") {
    BackOff back_off;
    std::vector<Word> delays;
    for (int i = 0; i < 8; ++i)
        delays.push_back(back_off.died(1'999'999) / 1000);
    CHECK(delays == std::vector<Word>{250, 500, 1000, 2000, 4000, 8000, 8000, 8000});
    CHECK(back_off.failures() == 8);
    CHECK(back_off.died(2'000'000) == 250'000);
    CHECK(back_off.failures() == 1);
    CHECK(back_off.died(0) == 500'000);
}

TEST_CASE("alarms ring once, never early, earliest first, and can be set again while they ring", "[init]") {
    Alarms<4> alarms;
    CHECK(!alarms.any());
    alarms.set(0, 100);
    alarms.set(1, 50);
    alarms.set(2, 200);
    alarms.set(3, 70);
    alarms.cancel(3);
    std::vector<unsigned> rung;
    const auto ring = [&](unsigned place) { rung.push_back(place); };
    alarms.run(49, ring);
    CHECK(rung.empty());
    alarms.run(100, ring);
    CHECK(rung == std::vector<unsigned>{1, 0});
    CHECK(alarms.any());
    alarms.run(199, [&](unsigned) { FAIL("too early"); });
    alarms.run(1000, [&](unsigned place) { alarms.set(place, 1500); });
    CHECK(alarms.any());
    rung.clear();
    alarms.run(1500, ring);
    CHECK(rung == std::vector<unsigned>{2});
    CHECK(!alarms.any());
}
